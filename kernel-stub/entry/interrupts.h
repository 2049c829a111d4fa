// Interrupts and exceptions, after entry.S.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INTERRUPTS_H
#define STUB_INTERRUPTS_H

#include "cpu/frame.h"

namespace interrupts {

// How deep the running thread is in interrupts; system calls are not counted.
unsigned depth();

// What the running thread interrupted last: by interrupt, exception or system
// call.
const Frame *currentFrame();

// While it lives, F is the current frame.
class FrameGuard {
public:
  explicit FrameGuard(const Frame *F);
  ~FrameGuard();
  FrameGuard(const FrameGuard &) = delete;
  FrameGuard &operator=(const FrameGuard &) = delete;

private:
  const Frame *Outer;
};

// Non-maskable interrupts seen by this thread.
unsigned nmiCount();

// Non-maskable interrupts, and debug exceptions of the kernel's, in all.
uint64_t nmis();
uint64_t debugs();

// Page faults that this thread took while in the kernel.
unsigned kernelFaults();

// In debug images: panics if the thread pointer is not the one that this
// processor has for its current thread.
void checkThreadPointer(Frame *F);
// The same for flags that SYSCALL must have cleared (SEGSHIFT_SFMASK).
#ifdef SEGSHIFT_DEBUG
void checkFlags();
#else
inline void checkFlags() {}
#endif
// For a self-test: what a breakpoint in the kernel reads.
extern uint64_t TouchAtBreakpoint;

} // namespace interrupts

#endif
