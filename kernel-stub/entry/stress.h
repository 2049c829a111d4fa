// What makes the ways in and out of the kernel hard to get right, on purpose:
// exceptions at each of their instructions, NMIs at any time. For tests; by
// options on the kernel's command line:
//
//   step=1  a debug exception at each instruction of entry_*.S that runs
//   nmis=1  a kernel thread sends NMIs to all processors, all the time
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_STRESS_H
#define STUB_STRESS_H

#include "cpu/frame.h"

namespace stress {

void initCpu(); // breakpoints, on each processor
void start();   // the thread

// From #DB of the kernel's, on its stack: goes on stepping, or stops.
void step(Frame &F);

} // namespace stress

#endif
