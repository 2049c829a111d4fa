// What each processor has of its own: descriptor tables, interrupt stacks,
// system-call registers, extended state.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROCESSOR_H
#define STUB_PROCESSOR_H

#include <stddef.h>
#include <stdint.h>

struct Cpu;

namespace processor {

// On the boot processor, once it has its TLS block: GDT, TSS, IDT, SYSCALL,
// FPU.
void init(Cpu &C);
// The same on every other one, after that.
void initCpu(Cpu &C);

// Size and initial contents of a thread's x87, SSE and AVX state; what XSAVE
// (or FXSAVE, on processors without it) stores. Aligned to 64.
size_t extendedStateSize();
// The components of XSAVE that it has (XCR0); 0: FXSAVE.
uint64_t extendedStateMask();
void initExtendedState(void *State);

// The kernel itself has no use for these registers (-mgeneral-regs-only): they
// are the program's all the time, and only thread switches save them.
void saveExtendedState(void *State);
void loadExtendedState(const void *State);

} // namespace processor

#endif
