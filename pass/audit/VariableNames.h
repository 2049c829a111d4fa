//===- VariableNames.h - the variables that FS uses reach -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which thread-local variables are reached where an instruction alone does not
// say it: `mov $-4,%rax; mov %fs:(%rax),%eax`, as linkers make it of
// initial-exec code, and `mov %fs:0,%rax; lea -4(%rax),%rdx`.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_VARIABLENAMES_H
#define SEGSHIFT_AUDIT_VARIABLENAMES_H

#include "../tls/Layout.h"
#include "RegisterValues.h"
#include <map>
#include <string>
#include <vector>

namespace segshift::audit {

struct Reached {
  /// The address from tp, where it is known to the byte.
  std::optional<int64_t> Offset;
  bool Indexed = false;               // something that is not known is added
  std::vector<std::string> Variables; // in order of the code, each once
};

/// True for an instruction whose variables the function around it tells.
bool isNamedByFunction(const Insn &I);

/// By the addresses of such instructions.
std::map<uint64_t, Reached> findVariables(Opcodes &Ops, const Function &F,
                                          const tls::Layout *Tls);

} // namespace segshift::audit
#endif
