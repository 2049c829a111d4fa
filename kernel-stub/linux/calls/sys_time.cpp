// Clocks and sleep.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/calls/sys_time.h"
#include "cpu/copy_user.h"
#include "device/calendar.h"
#include "device/timer.h"
#include "lib/error.h"
#include "linux/calls/syscall.h"
#include "linux/process/futex.h"
#include "linux/process/process.h"
#include "thread/thread.h"

namespace syscall {
namespace {

constexpr uint64_t Second = 1'000'000'000;

// linux/time.h
enum Clock : int32_t {
  CLOCK_REALTIME = 0,
  CLOCK_MONOTONIC = 1,
  CLOCK_PROCESS_CPUTIME_ID = 2,
  CLOCK_THREAD_CPUTIME_ID = 3,
  CLOCK_MONOTONIC_RAW = 4,
  CLOCK_REALTIME_COARSE = 5,
  CLOCK_MONOTONIC_COARSE = 6,
  CLOCK_BOOTTIME = 7,
  CLOCK_REALTIME_ALARM = 8,
  CLOCK_BOOTTIME_ALARM = 9,
  CLOCK_TAI = 11,
};

bool isCalendar(int32_t Clock) {
  return Clock == CLOCK_REALTIME || Clock == CLOCK_REALTIME_COARSE ||
         Clock == CLOCK_REALTIME_ALARM || Clock == CLOCK_TAI;
}

// Negative numbers are CPU clocks: ~id << 3, and 4 for a thread's, 2 for the
// scheduler's. Of others than the caller's own, only threads by their id.
bool cpuClock(int32_t Clock, uint64_t &Now) {
  enum : uint32_t { IsThread = 4, KindMask = 3, Scheduler = 2 };
  int Id = ~(Clock >> 3);
  if ((Clock & KindMask) > Scheduler)
    return false;
  if (!(Clock & IsThread)) {
    Now = process::cpuTime(0);
    return Id == 0 || Id == process::current()->Id;
  }
  Now = process::cpuTime(Id ? Id : thread::current().Id);
  return Now;
}

bool readClock(int32_t Clock, uint64_t &Now) {
  if (Clock < 0)
    return cpuClock(Clock, Now);
  switch (Clock) {
  case CLOCK_PROCESS_CPUTIME_ID:
    Now = process::cpuTime(0);
    return true;
  case CLOCK_THREAD_CPUTIME_ID:
    Now = process::cpuTime(thread::current().Id);
    return true;
  case CLOCK_MONOTONIC:
  case CLOCK_MONOTONIC_RAW:
  case CLOCK_MONOTONIC_COARSE:
  case CLOCK_BOOTTIME:
  case CLOCK_BOOTTIME_ALARM:
    Now = timer::now();
    return true;
  }
  Now = calendar::now();
  return isCalendar(Clock);
}

// What is left of a sleep until Deadline, to the program.
int64_t putRest(uint64_t Address, uint64_t Deadline) {
  uint64_t Now = timer::now();
  TimeSpec Rest = toTimeSpec(Deadline > Now ? Deadline - Now : 0);
  return !Address || putUser(Address, Rest) ? 0 : -EFAULT;
}

// Relative: Rest is where the remaining time goes if a handler ends it.
int64_t sleepFor(uint64_t Deadline, uint64_t Rest) {
  if (!process::sleep(Deadline))
    return 0;
  if (int64_t Error = putRest(Rest, Deadline))
    return Error;
  return restart({Restart::Sleep, Deadline, Rest, 0});
}

} // namespace

TimeSpec toTimeSpec(uint64_t Nanoseconds) {
  return {static_cast<int64_t>(Nanoseconds / Second),
          static_cast<int64_t>(Nanoseconds % Second)};
}

bool getTime(uint64_t &Nanoseconds, uint64_t Address) {
  TimeSpec T;
  if (!getUser(T, Address))
    return fail(EFAULT);
  if (T.Seconds < 0 || T.Nanoseconds < 0 ||
      T.Nanoseconds >= static_cast<int64_t>(Second))
    return fail(EINVAL);
  Nanoseconds = toTime(T.Seconds, T.Nanoseconds);
  return true;
}

uint64_t deadlineIn(uint64_t Nanoseconds) {
  uint64_t Now = timer::now();
  return Nanoseconds < MaxTime - Now ? Now + Nanoseconds : MaxTime;
}

int64_t restart(const Restart &R) {
  thread::current().Again = R;
  return -ERESTART_RESTARTBLOCK;
}

int64_t sysRestartSyscall(const Arguments &) {
  Restart R = thread::current().Again;
  thread::current().Again = {};
  switch (R.What) {
  case Restart::Nothing:
    return -EINTR;
  case Restart::Sleep:
    return sleepFor(R.Deadline, R.Address);
  case Restart::Futex:
    break;
  }
  int64_t Result = futex::wait(R.Address, R.Value, ~0u, R.Deadline);
  return Result == -EINTR ? restart(R) : Result;
}

int64_t sysClockGettime(const Arguments &A) {
  uint64_t Now;
  if (!readClock(static_cast<int32_t>(A[0]), Now))
    return -EINVAL;
  return putUser(A[1], toTimeSpec(Now)) ? 0 : -EFAULT;
}

// The TSC's is finer than a nanosecond; sleepers wait for the tick.
int64_t sysClockGetres(const Arguments &A) {
  uint64_t Now;
  if (!readClock(static_cast<int32_t>(A[0]), Now))
    return -EINVAL;
  return !A[1] || putUser(A[1], TimeSpec{0, 1}) ? 0 : -EFAULT;
}

int64_t sysGettimeofday(const Arguments &A) {
  uint64_t Now = calendar::now();
  uint64_t T[2] = {Now / Second, Now % Second / 1000};
  uint32_t Zone[2] = {}; // UTC
  return (!A[0] || putUser(A[0], T)) && (!A[1] || putUser(A[1], Zone))
             ? 0
             : -EFAULT;
}

int64_t sysTime(const Arguments &A) {
  int64_t Now = static_cast<int64_t>(calendar::now() / Second);
  return !A[0] || putUser(A[0], Now) ? Now : -EFAULT;
}

int64_t sysNanosleep(const Arguments &A) {
  uint64_t Duration;
  if (!getTime(Duration, A[0]))
    return -LastError;
  return sleepFor(deadlineIn(Duration), A[1]);
}

int64_t sysClockNanosleep(const Arguments &A) {
  enum : uint64_t { TIMER_ABSTIME = 1 };
  auto Clock = static_cast<int32_t>(A[0]);
  uint64_t Time, Now;
  // Sleep by CPU time is not to be had.
  if (!readClock(Clock, Now) || Clock == CLOCK_THREAD_CPUTIME_ID)
    return -EINVAL;
  if (Clock < 0 || Clock == CLOCK_PROCESS_CPUTIME_ID)
    return -EOPNOTSUPP;
  if (!getTime(Time, A[2]))
    return -LastError;
  if (!(A[1] & TIMER_ABSTIME))
    return sleepFor(deadlineIn(Time), A[3]);
  uint64_t Deadline = isCalendar(Clock) ? calendar::toTimer(Time) : Time;
  return process::sleep(Deadline) ? -ERESTARTNOHAND : 0;
}

} // namespace syscall
