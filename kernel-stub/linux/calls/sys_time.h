// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYS_TIME_H
#define STUB_SYS_TIME_H

#include <stdint.h>

struct Restart;

namespace syscall {

struct TimeSpec {
  int64_t Seconds, Nanoseconds;
};
TimeSpec toTimeSpec(uint64_t Nanoseconds);

// Reads a struct timespec of the program, in nanoseconds. False: LastError is
// set.
bool getTime(uint64_t &Nanoseconds, uint64_t Address);

// Has restart_syscall(2) go on with this. Returns -ERESTART_RESTARTBLOCK.
int64_t restart(const Restart &R);

} // namespace syscall

#endif
