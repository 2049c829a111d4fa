//===- RegisterValues.h - what registers hold in a function -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constant propagation over a function's basic blocks, registers only: the
// number of an MSR in ECX, and which thread-local variable an address that is
// computed in registers leads to. A register has a value where all paths agree.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_REGISTERVALUES_H
#define SEGSHIFT_AUDIT_REGISTERVALUES_H

#include "../disasm/Elf.h"
#include "Opcodes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <array>
#include <optional>

namespace segshift::audit {

/// A number, or a number on top of what the other members say.
struct Value {
  uint64_t Number = 0;
  llvm::StringRef Symbol; ///< the offset of this variable from tp
  bool Thread = false;    ///< the thread pointer
  uint64_t From = 0;      ///< the instruction that loaded the thread pointer
  bool Indexed = false;   ///< something that is not known

  explicit Value(uint64_t Number = 0, llvm::StringRef Symbol = "",
                 bool Thread = false, uint64_t From = 0, bool Indexed = false)
      : Number(Number), Symbol(Symbol), Thread(Thread), From(From),
        Indexed(Indexed) {}
  bool isNumber() const { return Symbol.empty() && !Thread && !Indexed; }
  bool operator==(const Value &) const = default;
};

/// By Opcodes::gpr(); none: not known.
using Registers = std::array<std::optional<Value>, 16>;

/// One function, or a part of one.
struct Function {
  llvm::ArrayRef<Insn> Code;
  const ElfObject &Obj;
  unsigned Region;
};

/// The sum; none where it would not be one address.
std::optional<Value> sum(const Function &F, std::optional<Value> A,
                         std::optional<Value> B);

/// The address that the memory operand names, without its segment.
std::optional<Value> address(Opcodes &Ops, const Function &F, const Insn &I,
                             const Registers &R);

/// Calls Visit with every instruction, and the values before and after it.
void forEachState(
    Opcodes &Ops, const Function &F,
    llvm::function_ref<void(const Insn &, const Registers &, const Registers &)>
        Visit);

} // namespace segshift::audit
#endif
