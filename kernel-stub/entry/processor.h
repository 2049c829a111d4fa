// What each processor has of its own: descriptor tables, interrupt stacks,
// system-call registers, extended state.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROCESSOR_H
#define STUB_PROCESSOR_H

struct Cpu;

namespace processor {

// On the boot processor, once it has its TLS block: GDT, TSS, IDT, SYSCALL,
// FPU.
void init(Cpu &C);
// The same on every other one, after that.
void initCpu(Cpu &C);

} // namespace processor

#endif
