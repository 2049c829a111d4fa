// All clocks show the time since boot.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sys_time.h"
#include "copy_user.h"
#include "cpu.h"
#include "error.h"
#include "syscall.h"
#include "thread.h"
#include "timer.h"

namespace syscall {
namespace {

constexpr uint64_t Second = 1'000'000'000;

struct TimeSpec {
  int64_t Seconds, Nanoseconds;
};

int64_t sleepUntil(uint64_t Deadline) {
  cpu::InterruptGuard Guard;
  // No one wakes this key.
  thread::wait(&thread::current(), Deadline);
  return 0;
}

} // namespace

bool getTime(uint64_t &Nanoseconds, uint64_t Address) {
  TimeSpec T;
  if (!getUser(T, Address))
    return fail(EFAULT);
  if (T.Seconds < 0 || T.Nanoseconds < 0 ||
      T.Nanoseconds >= static_cast<int64_t>(Second))
    return fail(EINVAL);
  // A time that is too far for 64 bits never comes.
  constexpr uint64_t MaxSeconds = thread::NoDeadline / Second / 2;
  Nanoseconds =
      (T.Seconds < static_cast<int64_t>(MaxSeconds) ? T.Seconds : MaxSeconds) *
          Second +
      T.Nanoseconds;
  return true;
}

int64_t sysClockGettime(const Arguments &A) {
  uint64_t Now = timer::now();
  TimeSpec T = {static_cast<int64_t>(Now / Second),
                static_cast<int64_t>(Now % Second)};
  return putUser(A[1], T) ? 0 : -EFAULT;
}

int64_t sysGettimeofday(const Arguments &A) {
  uint64_t Now = timer::now();
  uint64_t T[2] = {Now / Second, Now % Second / 1000};
  return !A[0] || putUser(A[0], T) ? 0 : -EFAULT;
}

int64_t sysTime(const Arguments &A) {
  int64_t Seconds = timer::now() / Second;
  return !A[0] || putUser(A[0], Seconds) ? Seconds : -EFAULT;
}

int64_t sysNanosleep(const Arguments &A) {
  uint64_t Duration;
  if (!getTime(Duration, A[0]))
    return -LastError;
  return sleepUntil(timer::now() + Duration);
}

int64_t sysClockNanosleep(const Arguments &A) {
  enum : uint64_t { TIMER_ABSTIME = 1 };
  uint64_t Time;
  if (!getTime(Time, A[2]))
    return -LastError;
  return sleepUntil(A[1] & TIMER_ABSTIME ? Time : timer::now() + Time);
}

} // namespace syscall
