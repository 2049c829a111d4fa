// Each thread's last system calls, kept in its thread-locals.
//
// These variables end right below the thread pointer (linker.ld), where a
// local-exec program's own lie when both share one block. So in mode fs-shared
// it is them that a small program's variables collide with: each system call
// changes the program's values, each write of the program changes the trace,
// and the kernel goes on long enough to report it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_TRACE_H
#define STUB_TRACE_H

#include <stdint.h>

namespace trace {

// Makes each call a line of the kernel log.
void setVerbose(bool On);

// At the start and at the end of each system call.
void enter(uint64_t Number, const uint64_t (&Arguments)[6], uint64_t Rip);
void leave(uint64_t Number, int64_t Result);

// System calls of the running thread, as its thread-locals count them.
uint64_t count();

// Logs the running thread's last calls, the latest first.
void dump();

} // namespace trace

#endif
