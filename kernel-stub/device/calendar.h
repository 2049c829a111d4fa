// The time of day.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_CALENDAR_H
#define STUB_CALENDAR_H

#include <stdint.h>

namespace calendar {

// After timer::init. From the option time=N, nanoseconds since 1970, or else
// from the real-time clock (CMOS), to the second.
void init();

// Nanoseconds since 1970, UTC.
uint64_t now();
// timer::now() at a time of day; 0 if that was before boot. timer::NoDeadline
// stays what it is.
uint64_t toTimer(uint64_t Time);

} // namespace calendar

#endif
