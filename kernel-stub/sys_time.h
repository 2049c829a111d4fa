// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYS_TIME_H
#define STUB_SYS_TIME_H

#include <stdint.h>

namespace syscall {

// Reads a struct timespec of the program, in nanoseconds. False: LastError is
// set.
bool getTime(uint64_t &Nanoseconds, uint64_t Address);

} // namespace syscall

#endif
