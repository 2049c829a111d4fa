// Locks: TimerLock, then process::StateLock.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/signal/interval_timer.h"
#include "cpu/cpu.h"
#include "device/timer.h"
#include "linux/process/process.h"
#include "linux/signal/signal.h"

namespace interval_timer {
namespace {

struct Timer {
  bool IsUsed;
  Clock C;
  Notification N;
  int ClockTid;      // of ThreadCpu
  uint64_t Deadline; // of its clock; 0: it does not run
  uint64_t Interval;
  unsigned Missed, LastMissed;
  signal::Queued Room; // in use, the timer cannot be made anew
};

cpu::Lock TimerLock;
Timer Timers[MaxTimers];
Process *Owner;
// Of those by Time, the first deadline: what a tick looks at.
uint64_t NextDeadline = thread::NoDeadline;
bool AnyByCpu;

uint64_t now(const Timer &T) {
  if (T.C == Clock::Time)
    return timer::now();
  return process::cpuTimeOf(*Owner, T.C == Clock::ThreadCpu ? T.ClockTid : 0);
}

// Both at most INT64_MAX, as is what comes back.
uint64_t later(uint64_t Time, uint64_t Nanoseconds) {
  return Time < INT64_MAX - Nanoseconds ? Time + Nanoseconds : INT64_MAX;
}

void findNext() {
  uint64_t Next = thread::NoDeadline;
  bool Any = false;
  for (const Timer &T : Timers) {
    if (!T.Deadline)
      continue;
    if (T.C != Clock::Time)
      Any = true;
    else if (T.Deadline < Next)
      Next = T.Deadline;
  }
  __atomic_store_n(&NextDeadline, Next, __ATOMIC_RELAXED);
  __atomic_store_n(&AnyByCpu, Any, __ATOMIC_RELAXED);
}

void initialize(Timer &T, Clock C, const Notification &N) {
  T.IsUsed = true;
  T.C = C;
  T.N = N;
  T.ClockTid = thread::current().Id;
  T.Deadline = T.Interval = 0;
  T.Missed = T.LastMissed = 0;
}

// The three of setitimer need no making.
Timer &at(unsigned Number) {
  Timer &T = Timers[Number];
  static constexpr int Signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
  if (Number < FirstCreated && !T.IsUsed)
    initialize(T, Number == Real ? Clock::Time : Clock::ProcessCpu,
               {Signals[Number], 0, 0, false});
  return T;
}

Setting settingOf(const Timer &T) {
  if (!T.Deadline)
    return {0, T.Interval};
  uint64_t Now = now(T);
  // What runs has time left.
  return {T.Deadline > Now ? T.Deadline - Now : 1, T.Interval};
}

void fire(Timer &T, uint64_t Now) {
  uint64_t Periods = T.Interval ? (Now - T.Deadline) / T.Interval : 0;
  T.Deadline = T.Interval ? later(T.Deadline, (Periods + 1) * T.Interval) : 0;
  if (!T.N.Signal)
    return;
  if (T.Room.IsQueued) {
    T.Missed += static_cast<unsigned>(Periods) + 1;
    return;
  }
  T.LastMissed = T.Missed + static_cast<unsigned>(Periods);
  T.Missed = 0;
  signal::Info I;
  I.Signo = T.N.Signal;
  I.Code = T.N.IsQueued ? signal::SI_TIMER : signal::SI_KERNEL;
  if (T.N.IsQueued) {
    auto Id = static_cast<uint64_t>(&T - Timers - FirstCreated);
    I.Fields[0] = Id | static_cast<uint64_t>(T.LastMissed) << 32;
    I.Fields[1] = T.N.Value;
  }
  signal::send(*Owner, T.N.Tid, I, T.N.IsQueued ? &T.Room : nullptr);
}

} // namespace

unsigned create(Clock C, const Notification &N) {
  cpu::LockGuard Guard(TimerLock);
  Owner = process::current();
  for (unsigned I = FirstCreated; I != MaxTimers; ++I)
    if (!Timers[I].IsUsed && !Timers[I].Room.IsQueued) {
      initialize(Timers[I], C, N);
      return I;
    }
  return MaxTimers;
}

void destroy(unsigned Number) {
  cpu::LockGuard Guard(TimerLock);
  Timers[Number].IsUsed = false;
  Timers[Number].Deadline = 0;
  findNext();
}

bool exists(unsigned Number) {
  cpu::LockGuard Guard(TimerLock);
  return Number < MaxTimers && Timers[Number].IsUsed;
}

Setting set(unsigned Number, Setting New, bool IsAbsolute) {
  cpu::LockGuard Guard(TimerLock);
  Owner = process::current();
  Timer &T = at(Number);
  Setting Old = settingOf(T);
  T.Interval = New.Interval;
  T.Deadline = New.First && !IsAbsolute ? later(now(T), New.First) : New.First;
  T.Missed = 0;
  findNext();
  return Old;
}

Setting get(unsigned Number) {
  cpu::LockGuard Guard(TimerLock);
  Owner = process::current();
  return settingOf(at(Number));
}

int overruns(unsigned Number) {
  cpu::LockGuard Guard(TimerLock);
  return static_cast<int>(Timers[Number].LastMissed);
}

void clear() {
  cpu::LockGuard Guard(TimerLock);
  for (Timer &T : Timers) {
    T.IsUsed = false;
    T.Deadline = 0;
  }
  findNext();
  Owner = nullptr;
}

} // namespace interval_timer

void process::tick() {
  using namespace interval_timer;
  if (__atomic_load_n(&NextDeadline, __ATOMIC_RELAXED) > timer::now() &&
      !__atomic_load_n(&AnyByCpu, __ATOMIC_RELAXED))
    return;
  cpu::LockGuard Guard(TimerLock);
  for (Timer &T : Timers)
    if (T.Deadline)
      if (uint64_t Now = now(T); T.Deadline <= Now)
        fire(T, Now);
  findNext();
}
