// The end of a kernel that cannot go on.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PANIC_H
#define STUB_PANIC_H

#include "cpu/frame.h"

// Logs the message, the registers (of F, if given: where the fault was), both
// segment bases and a stack trace with function names; sends "panic MESSAGE" to
// the runner and ends QEMU. Uses no thread-local: they may be what is broken.
[[noreturn]] void panic(const char *Format, ...)
    __attribute__((format(printf, 1, 2)));
[[noreturn]] void panicAt(const Frame *F, const char *Format, ...)
    __attribute__((format(printf, 2, 3)));

#define ASSERT(Condition)                                                      \
  do {                                                                         \
    if (!(Condition))                                                          \
      panic("assertion failed: %s (%s:%d)", #Condition, __FILE_NAME__,         \
            __LINE__);                                                         \
  } while (0)

#endif
