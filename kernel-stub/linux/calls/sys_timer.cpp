// Timers that send signals, as system calls.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "device/calendar.h"
#include "lib/error.h"
#include "linux/calls/sys_time.h"
#include "linux/calls/syscall.h"
#include "linux/process/process.h"
#include "linux/signal/interval_timer.h"
#include "linux/signal/signal.h"

namespace syscall {
namespace {

using interval_timer::Setting;

constexpr uint64_t Second = 1'000'000'000, Microsecond = 1000;

struct Microtime { // struct timeval
  int64_t Seconds, Microseconds;
};

Microtime toMicrotime(uint64_t Nanoseconds) {
  // What is left is not shown as nothing.
  uint64_t N = (Nanoseconds + Microsecond - 1) / Microsecond;
  return {static_cast<int64_t>(N / 1000000), static_cast<int64_t>(N % 1000000)};
}

bool toNanoseconds(const Microtime &T, uint64_t &Out) {
  if (T.Seconds < 0 || T.Microseconds < 0 || T.Microseconds >= 1000000)
    return false;
  Out = toTime(T.Seconds, T.Microseconds * Microsecond);
  return true;
}

bool putSetting(uint64_t To, const Setting &S) {
  TimeSpec Out[2] = {toTimeSpec(S.Interval), toTimeSpec(S.First)};
  return putUser(To, Out);
}

struct Event { // struct sigevent
  uint64_t Value;
  int32_t Signal, Notify, Tid, Rest[11];
};
static_assert(sizeof(Event) == 64);

bool clockOf(uint64_t Number, interval_timer::Clock &C) {
  switch (static_cast<int>(Number)) {
  case 0: // CLOCK_REALTIME, _MONOTONIC, _BOOTTIME
  case 1:
  case 7:
    C = interval_timer::Clock::Time;
    return true;
  case 2: // CLOCK_PROCESS_CPUTIME_ID
    C = interval_timer::Clock::ProcessCpu;
    return true;
  case 3: // CLOCK_THREAD_CPUTIME_ID
    C = interval_timer::Clock::ThreadCpu;
    return true;
  }
  return false;
}

// A timer's number from its id.
bool find(uint64_t Id, unsigned &Number) {
  if (Id >= interval_timer::MaxTimers - interval_timer::FirstCreated)
    return false;
  Number = static_cast<unsigned>(Id) + interval_timer::FirstCreated;
  return interval_timer::exists(Number);
}

// Whether absolute times are those of the day.
bool IsCalendar[interval_timer::MaxTimers];

} // namespace

int64_t sysGetitimer(const Arguments &A) {
  if (A[0] > interval_timer::Profiling)
    return -EINVAL;
  Setting S = interval_timer::get(A[0]);
  Microtime Out[2] = {toMicrotime(S.Interval), toMicrotime(S.First)};
  return putUser(A[1], Out) ? 0 : -EFAULT;
}

int64_t sysSetitimer(const Arguments &A) {
  if (A[0] > interval_timer::Profiling)
    return -EINVAL;
  Microtime In[2] = {};
  Setting New;
  if (A[1] && !getUser(In, A[1]))
    return -EFAULT;
  if (!toNanoseconds(In[0], New.Interval) || !toNanoseconds(In[1], New.First))
    return -EINVAL;
  Setting S = interval_timer::set(A[0], New, false);
  Microtime Out[2] = {toMicrotime(S.Interval), toMicrotime(S.First)};
  return !A[2] || putUser(A[2], Out) ? 0 : -EFAULT;
}

int64_t sysAlarm(const Arguments &A) {
  uint64_t Seconds = static_cast<uint32_t>(A[0]);
  Setting Old =
      interval_timer::set(interval_timer::Real, {Seconds * Second, 0}, false);
  // Rounded, but not to nothing.
  uint64_t Rest = (Old.First + Second / 2) / Second;
  return Old.First && !Rest ? 1 : static_cast<int64_t>(Rest);
}

int64_t sysTimerCreate(const Arguments &A) {
  enum : int32_t { SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD_ID = 4 };
  interval_timer::Clock C;
  if (!clockOf(A[0], C))
    return -EINVAL;
  Event E = {};
  E.Signal = SIGALRM;
  if (A[1] && !getUser(E, A[1]))
    return -EFAULT;
  int32_t Kind = E.Notify & ~SIGEV_THREAD_ID;
  if ((Kind != SIGEV_SIGNAL && Kind != SIGEV_NONE) ||
      (Kind == SIGEV_SIGNAL && (E.Signal < 1 || E.Signal > signal::MaxSignal)))
    return -EINVAL;
  int Tid = E.Notify & SIGEV_THREAD_ID ? E.Tid : 0;
  signal::Info Probe;
  if (Tid && !signal::send(*process::current(), Tid, Probe, nullptr))
    return -EINVAL;
  unsigned Number = interval_timer::create(
      C, {Kind == SIGEV_NONE ? 0 : E.Signal, Tid, E.Value, true});
  if (Number == interval_timer::MaxTimers)
    return -EAGAIN;
  IsCalendar[Number] = A[0] == 0;
  auto Id = static_cast<int32_t>(Number - interval_timer::FirstCreated);
  if (putUser(A[2], Id))
    return 0;
  interval_timer::destroy(Number);
  return -EFAULT;
}

int64_t sysTimerSettime(const Arguments &A) {
  enum : uint64_t { TIMER_ABSTIME = 1 };
  unsigned Number;
  Setting New;
  if (!find(A[0], Number))
    return -EINVAL;
  if (!getTime(New.Interval, A[2]) || !getTime(New.First, A[2] + 16))
    return -LastError;
  bool IsAbsolute = A[1] & TIMER_ABSTIME;
  if (IsAbsolute && New.First && IsCalendar[Number]) {
    New.First = calendar::toTimer(New.First);
    New.First += !New.First; // long ago: at once
  }
  Setting Old = interval_timer::set(Number, New, IsAbsolute);
  return !A[3] || putSetting(A[3], Old) ? 0 : -EFAULT;
}

int64_t sysTimerGettime(const Arguments &A) {
  unsigned Number;
  if (!find(A[0], Number))
    return -EINVAL;
  return putSetting(A[1], interval_timer::get(Number)) ? 0 : -EFAULT;
}

int64_t sysTimerGetoverrun(const Arguments &A) {
  unsigned Number;
  return find(A[0], Number) ? interval_timer::overruns(Number) : -EINVAL;
}

int64_t sysTimerDelete(const Arguments &A) {
  unsigned Number;
  if (!find(A[0], Number))
    return -EINVAL;
  interval_timer::destroy(Number);
  return 0;
}

} // namespace syscall
