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

// The latest time there is, as in Linux (KTIME_MAX): what is later is this.
constexpr uint64_t MaxTime = INT64_MAX;

// Not negative, Nanoseconds less than a second.
inline uint64_t toTime(int64_t Seconds, int64_t Nanoseconds) {
  int64_t T;
  return __builtin_mul_overflow(Seconds, int64_t{1'000'000'000}, &T) ||
                 __builtin_add_overflow(T, Nanoseconds, &T)
             ? MaxTime
             : static_cast<uint64_t>(T);
}

// In so many nanoseconds, at most MaxTime, by timer::now().
uint64_t deadlineIn(uint64_t Nanoseconds);

// Reads a struct timespec of the program, in nanoseconds. False: LastError is
// set.
bool getTime(uint64_t &Nanoseconds, uint64_t Address);

// Has restart_syscall(2) go on with this. Returns -ERESTART_RESTARTBLOCK.
int64_t restart(const Restart &R);

} // namespace syscall

#endif
