//===- MsrConstants.h - the MSR of each rdmsr and wrmsr ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which MSR each rdmsr and wrmsr of a function names.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_MSRCONSTANTS_H
#define SEGSHIFT_AUDIT_MSRCONSTANTS_H

#include "Opcodes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <map>
#include <optional>

namespace segshift::audit {

/// Constant propagation over the function's basic blocks, registers only: the
/// value of ECX in front of every instruction that takes an MSR number there,
/// by address; no value where the paths differ or it comes from elsewhere.
///
/// HasReloc(Begin, End): a relocation lies in these addresses, so the operand
/// is not what the bytes say.
std::map<uint64_t, std::optional<uint32_t>>
findMsrNumbers(Opcodes &Ops, llvm::ArrayRef<Insn> Function,
               llvm::function_ref<bool(uint64_t, uint64_t)> HasReloc);

} // namespace segshift::audit
#endif
