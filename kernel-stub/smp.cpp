// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "smp.h"
#include "lapic.h"

namespace smp {
namespace {

Cpu Cpus[MaxCpus];
unsigned NumCpus = 1;

// Aligned like kernel stacks, as entry.S looks at the low bits of RSP.
alignas(KSTACK_SIZE) char BootInterruptStacks[NUM_ISTS * KSTACK_SIZE];

} // namespace

unsigned numCpus() { return __atomic_load_n(&NumCpus, __ATOMIC_ACQUIRE); }
Cpu &cpu(unsigned Id) { return Cpus[Id]; }

Cpu &current() {
  struct [[gnu::packed]] {
    uint16_t Limit;
    uint64_t Base;
  } Gdt;
  asm volatile("sgdt %0" : "=m"(Gdt));
  return *reinterpret_cast<Cpu *>(Gdt.Base);
}

void sendReschedule(Cpu &C) { lapic::send(C.ApicId, VECTOR_RESCHEDULE); }
void sendNmi(Cpu &C) { lapic::send(C.ApicId, lapic::Nmi); }

void initBoot() { Cpus[0].InterruptStacks = BootInterruptStacks; }

} // namespace smp
