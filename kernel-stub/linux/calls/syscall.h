// System calls: Linux's x86-64 numbers and conventions
// (arch/x86/entry/syscalls/syscall_64.tbl). What is not in the table gets
// ENOSYS.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYSCALL_H
#define STUB_SYSCALL_H

#include "cpu/frame.h"
#include <stdint.h>

namespace syscall {

struct Arguments {
  uint64_t A[6];
  Frame &F;

  uint64_t operator[](unsigned I) const { return A[I]; }
};

// Returns the result, or a negated error number.
using Function = int64_t (*)(const Arguments &);

// The call's name, or "unknown".
const char *name(uint64_t Number);

#define SYSCALL(Number, Name, Function) int64_t Function(const Arguments &);
#define SYSCALL_MISSING(Number, Name)
#include "linux/calls/syscalls.def"
#undef SYSCALL
#undef SYSCALL_MISSING

} // namespace syscall

#endif
