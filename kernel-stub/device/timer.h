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

// On every other processor, after its local APIC is on: starts its tick.
void initCpu();

// Nanoseconds since init, the same on all processors.
uint64_t now();

// Of a wait without a deadline: later than any now().
constexpr uint64_t NoDeadline = ~0ull;

// Timer interrupts of the boot processor since init.
extern uint64_t Ticks;

} // namespace timer

#endif
