// The x87, SSE and AVX registers. The kernel itself has no use for them
// (-mgeneral-regs-only): they are the program's all the time, and only thread
// switches save them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_EXTENDED_STATE_H
#define STUB_EXTENDED_STATE_H

#include <stddef.h>
#include <stdint.h>

namespace extended_state {

// On the boot processor: what there is. All processors have the same.
void find();
// On each processor, after that.
void initCpu();

// Size of what XSAVE (or FXSAVE, on processors without it) stores. Aligned to
// 64.
size_t size();
// The components of XSAVE that it has (XCR0); 0: FXSAVE.
uint64_t mask();

// The state that a program starts with.
void init(void *State);
void save(void *State);
void load(const void *State);

} // namespace extended_state

#endif
