// The saved registers of whatever the kernel interrupted: drawn, numbered and
// asserted in segshift/entry.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_FRAME_H
#define STUB_FRAME_H

#include "segshift/entry.h"

using Frame = segshift_frame;

constexpr uint64_t FlagsIF = 0x200; // RFLAGS: interrupts enabled

// Whether the program was interrupted, rather than the kernel. Both run in
// ring 0, so CS says nothing; the stack does. The kernel's are in the upper
// half of the address space, and it leaves the program's before it does
// anything that could be interrupted. entry.S decides by the same rule.
inline bool isFromProgram(const Frame &F) {
  return static_cast<int64_t>(F.rsp) >= 0;
}

#endif
