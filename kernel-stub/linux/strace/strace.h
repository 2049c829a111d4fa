// Shows every system call of the program on its standard error, in the form of
// strace(1): `strace=1` on the kernel's command line, --strace of the runner.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_STRACE_H
#define STUB_STRACE_H

#include <stdint.h>

namespace strace {

extern bool On;

// The call's name in Linux; null if there is no such call.
const char *name(uint64_t Number);

// Before and after each call. What the call may wait for, and a call that does
// not return, are shown before.
void enter(uint64_t Number, const uint64_t (&Arguments)[6]);
void leave(uint64_t Number, const uint64_t (&Arguments)[6], int64_t Result);

// A signal that is about to be delivered to the running thread, or ends it;
// Address: the fault's, or 0.
void signal(int Signal, uint64_t Address);

} // namespace strace

#endif
