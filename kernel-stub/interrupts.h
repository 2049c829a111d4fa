// Interrupts and exceptions, after entry.S.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INTERRUPTS_H
#define STUB_INTERRUPTS_H

#include "frame.h"

namespace interrupts {

// How deep the running thread is in interrupts, and the innermost frame. System
// calls are not counted.
unsigned depth();

// Non-maskable interrupts seen by this thread.
unsigned nmiCount();

// Page faults that this thread took while in the kernel.
unsigned kernelFaults();

} // namespace interrupts

#endif
