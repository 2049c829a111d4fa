//===- VariableNames.cpp - the variables that FS uses reach ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "VariableNames.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace segshift::audit {

static bool loadsThreadPointer(const Insn &I) {
  return I.Mem && !I.Mem->Base && !I.Mem->Index && I.Mem->Disp == 0;
}

bool isNamedByFunction(const Insn &I) {
  return I.reaches(SegReg::FS) && I.Mem &&
         (I.Mem->Base || I.Mem->Index || loadsThreadPointer(I));
}

namespace {
struct Finder {
  Opcodes &Ops;
  const Function &F;
  const tls::Layout *Tls;
  std::map<uint64_t, Reached> &Out;

  std::string name(const Value &V) const {
    if (!V.Symbol.empty())
      return demangle(V.Symbol);
    const tls::Variable *Variable = Tls ? Tls->at(int64_t(V.Number)) : nullptr;
    return Variable ? demangle(Variable->Name) : "";
  }

  void add(uint64_t Address, const Value &V) {
    std::string Name = name(V);
    Reached &R = Out[Address];
    if (!Name.empty() && !is_contained(R.Variables, Name))
      R.Variables.push_back(std::move(Name));
  }

  /// An address on top of the thread pointer, or the register that gets it.
  void offThread(const std::optional<Value> &V) {
    if (V && V->Thread && (V->Number || !V->Symbol.empty()))
      add(V->From, *V);
  }

  void visit(const Insn &I, const Registers &Before, const Registers &After) {
    if (isNamedByFunction(I) && !loadsThreadPointer(I)) {
      auto Address = address(Ops, F, I, Before);
      if (Address && !Address->Thread) {
        add(I.Address, *Address);
        if (Address->isNumber())
          Out[I.Address].Offset = int64_t(Address->Number);
        Out[I.Address].Indexed = Address->Indexed;
      }
    } else if (I.Mem && I.Mem->Segment != SegReg::FS &&
               I.Mem->Segment != SegReg::GS && I.Mem->Base) {
      offThread(address(Ops, F, I, Before));
    }
    for (unsigned G = 0; G != After.size(); ++G)
      if (After[G] != Before[G])
        offThread(After[G]);
  }
};
} // namespace

std::map<uint64_t, Reached> findVariables(Opcodes &Ops, const Function &F,
                                          const tls::Layout *Tls) {
  std::map<uint64_t, Reached> Result;
  Finder Find{Ops, F, Tls, Result};
  forEachState(Ops, F,
               [&](const Insn &I, const Registers &Before,
                   const Registers &After) { Find.visit(I, Before, After); });
  return Result;
}

} // namespace segshift::audit
