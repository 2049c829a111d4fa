// The local APIC of the running processor: its timer, and interrupts to other
// processors (SDM volume 3, chapter 11). In xAPIC mode: ids to 254.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_LAPIC_H
#define STUB_LAPIC_H

#include <stdint.h>

namespace lapic {

// On each processor: enables it.
void init();
uint32_t id();

// Tells it that its interrupt has been handled.
void endOfInterrupt();

// Counts from now on, without interrupts; the clocks since then, to 2^32.
void startCount();
uint32_t count();
// An interrupt every Period clocks, vector VECTOR_TIMER.
void startTimer(uint32_t Period);

// What to send: a vector, or one of these (SDM volume 3, 11.6.1).
enum Message : uint32_t { Nmi = 0x4400, Init = 0x4500, Startup = 0x4600 };

// Returns when the local APIC has taken it over. Not from an NMI, which may
// have come in the middle of this.
void send(uint32_t ApicId, uint32_t What);

} // namespace lapic

#endif
