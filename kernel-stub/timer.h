// The local APIC's timer, and the time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_TIMER_H
#define STUB_TIMER_H

#include <stdint.h>

namespace timer {

// Enables the local APIC, measures its clock and the TSC's against the PIT, and
// starts an interrupt every TickMicroseconds (vector VECTOR_TIMER).
void init(uint64_t TickMicroseconds);

// Tells the local APIC that its interrupt has been handled.
void acknowledge();

// Nanoseconds since init.
uint64_t now();

// Timer interrupts since init.
extern uint64_t Ticks;

} // namespace timer

#endif
