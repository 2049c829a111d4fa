//===- CallEffects.cpp - registers that a call leaves alone --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CallEffects.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace segshift {

unsigned registerNumber(const Decoder &Dec, MCRegister R) {
  return StringSwitch<unsigned>(Dec.registerName(Dec.fullRegister(R)))
      .Case("RAX", 0)
      .Case("RCX", 1)
      .Case("RDX", 2)
      .Case("RBX", 3)
      .Case("RSP", 4)
      .Case("RBP", 5)
      .Case("RSI", 6)
      .Case("RDI", 7)
      .Case("R8", 8)
      .Case("R9", 9)
      .Case("R10", 10)
      .Case("R11", 11)
      .Case("R12", 12)
      .Case("R13", 13)
      .Case("R14", 14)
      .Case("R15", 15)
      .Default(16);
}

/// A kernel or hypervisor changes registers here of which the decoder knows
/// nothing.
static bool callsKernel(StringRef Op) {
  return Op.starts_with("SYSCALL") || Op.starts_with("SYSENTER") ||
         Op.starts_with("INT") || Op == "VMCALL" || Op == "VMMCALL";
}

uint16_t CallEffects::changed(unsigned Region, uint64_t Address,
                              unsigned Depth) {
  constexpr unsigned MaxDepth = 16;
  const CodeRange *Range = Reader.rangeAt(Region, Address);
  if (!Range)
    return All;
  auto [It, IsNew] = Known.try_emplace({Region, Range->Begin}, All);
  if (IsNew && Range->IsFunction && Depth < MaxDepth)
    It->second = read(*Range, Depth);
  return It->second;
}

uint16_t CallEffects::read(const CodeRange &Range, unsigned Depth) {
  const Decoder &Dec = Reader.decoder();
  uint16_t Result = 0;
  Flow Last = Flow::Next;
  for (const CodeEntry &E : Reader.read(Range)) {
    if (E.How != Standing::Code)
      return All;
    Insn I = Reader.decode(Range.Region, E);
    Last = I.ControlFlow;
    switch (Last) {
    case Flow::IndirectJump:
    case Flow::IndirectCall:
      return All;
    case Flow::Branch:
    case Flow::Jump:
    case Flow::Call: {
      auto To = Reader.resolve(I, Range.Region, I.Target, true);
      if (!To)
        return All;
      bool IsInside = To->first == Range.Region && To->second >= Range.Begin &&
                      To->second < Range.End;
      if (Last == Flow::Call || !IsInside)
        Result |= changed(To->first, To->second, Depth + 1);
      break;
    }
    case Flow::Next:
    case Flow::Stop:
      if (callsKernel(Dec.opcodeName(I)))
        return All;
      break;
    }
    Dec.forEachDef(I, [&](MCRegister R) {
      if (unsigned N = registerNumber(Dec, R); N < 16)
        Result |= 1 << N;
    });
    if (Result == All)
      return All;
  }
  // What it falls into is not read.
  return Last == Flow::Jump || Last == Flow::Stop ? Result : All;
}

} // namespace segshift
