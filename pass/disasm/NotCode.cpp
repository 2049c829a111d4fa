//===- NotCode.cpp - bytes that no code holds ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "NotCode.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace segshift {

/// Opcodes without meaning in 64-bit mode (Intel SDM volume 2, appendix A: the
/// one-byte map's "i64").
static bool isInvalidOpcode(uint8_t B) {
  switch (B) {
  case 0x06: // push, pop of ES, CS, SS, DS
  case 0x07:
  case 0x0e:
  case 0x16:
  case 0x17:
  case 0x1e:
  case 0x1f:
  case 0x27: // daa, das, aaa, aas
  case 0x2f:
  case 0x37:
  case 0x3f:
  case 0x60: // pusha, popa
  case 0x61:
  case 0x82:
  case 0x9a: // far call
  case 0xce: // into
  case 0xd4: // aam
  case 0xd6:
  case 0xea: // far jump
    return true;
  default:
    return false;
  }
}

bool isNeverCode(ArrayRef<uint8_t> Bytes) {
  constexpr uint8_t Prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                  0x66, 0x67, 0xf0, 0xf2, 0xf3};
  if (Bytes.size() >= 2 && Bytes[0] == 0 && Bytes[1] == 0)
    return true;
  size_t Count = 0;
  while (!Bytes.empty() && is_contained(Prefixes, Bytes[0])) {
    Bytes = Bytes.drop_front();
    ++Count;
  }
  if (Count > 14) // an instruction has 15 bytes at most
    return true;
  if (!Bytes.empty() && (Bytes[0] & 0xf0) == 0x40) // REX
    Bytes = Bytes.drop_front();
  if (Bytes.empty())
    return true;
  if (isInvalidOpcode(Bytes[0]))
    return true;
  unsigned Reg = Bytes.size() >= 2 ? (Bytes[1] >> 3) & 7 : 0;
  return (Bytes[0] == 0xff && Reg == 7) || (Bytes[0] == 0xfe && Reg > 1);
}

bool isInText(ArrayRef<uint8_t> Bytes, size_t Index) {
  auto IsText = [](uint8_t B) {
    return (B >= 0x20 && B < 0x7f) || B == '\n' || B == '\t' || B == '\r';
  };
  constexpr size_t Shortest = 6, Longest = 4096;
  size_t Begin = Index, End = Index;
  while (Begin > 0 && Index - Begin < Longest && IsText(Bytes[Begin - 1]))
    --Begin;
  while (End < Bytes.size() && End - Index < Longest && IsText(Bytes[End]))
    ++End;
  if (End == Index || End - Begin < Shortest || End == Bytes.size() ||
      Bytes[End] != 0)
    return false;
  auto Run = Bytes.slice(Begin, End - Begin);
  size_t Lower = count_if(
      Run, [](uint8_t B) { return (B >= 'a' && B <= 'z') || B == ' '; });
  return 2 * Lower > Run.size();
}

bool mayNotReturn(const Insn &I, StringRef OpcodeName) {
  if (I.ControlFlow == Flow::Call || I.ControlFlow == Flow::IndirectCall)
    return true;
  for (StringRef Prefix :
       {"INT", "SYSCALL", "SYSENTER", "SYSEXIT", "RSM", "OUT", "VMCALL",
        "VMMCALL", "VMLAUNCH", "VMRESUME", "VMRUN", "HLT", "UD"})
    if (OpcodeName.starts_with(Prefix) && !OpcodeName.starts_with("OUTS"))
      return true;
  return false;
}

} // namespace segshift
