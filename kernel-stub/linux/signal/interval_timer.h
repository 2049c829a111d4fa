// Timers that send signals: setitimer(2), alarm(2), timer_create(2). They go
// off at the tick after their time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INTERVAL_TIMER_H
#define STUB_INTERVAL_TIMER_H

#include <stdint.h>

class Process;

namespace interval_timer {

// The three of setitimer(2) come first; ids of timer_create(2) are from 0 on,
// and stand behind them.
constexpr unsigned Real = 0, Virtual = 1, Profiling = 2, FirstCreated = 3;
constexpr unsigned MaxTimers = 64;

enum class Clock : uint8_t { Time, ProcessCpu, ThreadCpu };

struct Notification {
  int Signal; // 0: none
  int Tid;    // 0: any thread of the program
  uint64_t Value;
  bool IsQueued; // with an Info that tells the value
};

// Nanoseconds of the timer's clock. 0: never.
struct Setting {
  uint64_t First, Interval;
};

// Makes a timer for the running program. Its number, or MaxTimers: too many.
unsigned create(Clock C, const Notification &N);
void destroy(unsigned Number);
bool exists(unsigned Number);

// First is from now on; if IsAbsolute, the time itself. What it was comes back.
Setting set(unsigned Number, Setting New, bool IsAbsolute);
Setting get(unsigned Number);

// How often the timer's last signal stood for more than one.
int overruns(unsigned Number);

} // namespace interval_timer

#endif
