// The processors: what each has of its own.
//
// There is no segment for it: GS is the running thread's. What a processor
// needs without a valid thread pointer, it finds by its GDT register.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SMP_H
#define STUB_SMP_H

#include "cpu/config.h"
#include "cpu/cpu.h"
#include <stddef.h>
#include <stdint.h>

struct Thread;

// Task state segment (SDM volume 3, 8.7).
struct [[gnu::packed]] Tss {
  uint32_t Reserved0;
  uint64_t Rsp[3]; // stacks for entries from ring 3
  uint64_t Reserved1;
  uint64_t Ist[7];
  uint64_t Reserved2;
  uint16_t Reserved3;
  uint16_t IoMap;
};
static_assert(sizeof(Tss) == 104);

struct Cpu {
  uint64_t Gdt[8]; // first: see smp::current()
  // The thread pointer of the thread that runs here. Written before GS_BASE at
  // each thread switch. Paranoid entries find it: right above each interrupt
  // stack is its address (segshift/entry.h).
  void *Tp;
  // During a switch, what GS_BASE may still be.
  void *TpBefore;
  uint64_t SavedRsp; // mode fs-switch: see there for this and others
  unsigned Id;
  uint32_t ApicId;
  alignas(16) Tss State; // Rsp[0] is set at each thread switch
  char *InterruptStacks; // NUM_ISTS of KSTACK_SIZE, aligned like kernel stacks

  // The scheduler's. The queue: threads that are ready, without the running
  // one.
  Thread *Running, *Idle;
  cpu::Lock QueueLock;
  Thread *QueueFirst, *QueueLast;
  unsigned QueueLength;

  // What it has done: timer interrupts, those of them that found it at work,
  // thread switches, threads taken over from other processors, IPIs received.
  uint64_t NumTicks, NumBusyTicks, NumSwitches, NumStolen;
  uint64_t NumReschedules, NumShootdowns, NumNmis;

  // tlb.cpp: another processor waits for it; there is something that it was not
  // told while it had nothing to do.
  bool IsFlushWanted, HasMissedFlush;
  bool IsStopped;
};

namespace smp {

// Further ones are not used.
constexpr unsigned MaxCpus = 8;

// Processors that run threads. Their numbers are 0 to numCpus() - 1.
unsigned numCpus();
Cpu &cpu(unsigned Id);

// The running processor. With interrupts off, or in an NMI; else the thread may
// be on another one by the time that it looks.
Cpu &current();

// Makes a processor look for something to do, and a program that it runs enter
// the kernel.
void sendReschedule(Cpu &C);
// An NMI of no meaning: for tests.
void sendNmi(Cpu &C);

// From an NMI. False: it has no meaning that is known here.
bool handleNmi();

// Halts all other processors, for good. From anywhere.
void stopOthers();

// What each processor has done, in the log.
void logCounters();

// Before anything else here, on the boot processor.
void initBoot();
// Starts the others, one by one. Before there is a program, with interrupts
// off.
void start();

} // namespace smp

#endif
