// The threads whose wait ends at a time, the earliest first.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SLEEPERS_H
#define STUB_SLEEPERS_H

#include "thread/thread.h"

// Adding and removing: under the lock of what the thread waits for.
namespace sleepers {

void add(Thread &T);    // at T.WakeTime
void remove(Thread &T); // also if it is not there

// Ends the waits whose time has come. From the timer interrupt.
void wake(uint64_t Now);

} // namespace sleepers

#endif
