// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry/stress.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/lapic.h"
#include "lib/options.h"
#include "thread/thread.h"
#include "tls/tls_guard.h"

// The tables: where a system call and an interrupt come in, where they leave,
// the last instruction of each, and the first and last address. entry_*.S
extern "C" {
extern const char ring0_syscall_entry[], ring0_syscall_exit[],
    ring0_interrupt_entry[], ring0_leave_trap[], ring0_leave_trap_iretq[],
    ring0_leave_syscall_jump[], ring0_text[], ring0_text_end[];
extern const char guarded_syscall_entry[], guarded_syscall_exit[],
    guarded_interrupt_entry[], guarded_leave_trap[], guarded_leave_trap_iretq[],
    guarded_text[], guarded_text_end[];
extern const char ring3_syscall_entry[], ring3_syscall_exit[],
    ring3_interrupt_entry[], ring3_leave_trap[], ring3_leave_trap_iretq[],
    ring3_leave_syscall_jump[], ring3_text[], ring3_text_end[];
}

namespace stress {
namespace {

struct Table {
  const char *Stops[4];
  // Stepped over: the exception would come after them, as the program's.
  const char *Last[2];
  const char *Start, *End;
};

Table table() {
#ifdef MODE_HAS_RING3
  if (ProgramsInRing3)
    return {{ring3_syscall_entry, ring3_syscall_exit, ring3_interrupt_entry,
             ring3_leave_trap},
            {ring3_leave_trap_iretq, ring3_leave_syscall_jump},
            ring3_text,
            ring3_text_end};
#endif
#ifdef MODE_HAS_TLS_GUARD
  if (tls_guard::isOn()) // it has one way out
    return {{guarded_syscall_entry, guarded_syscall_exit,
             guarded_interrupt_entry, guarded_leave_trap},
            {guarded_leave_trap_iretq, guarded_leave_trap_iretq},
            guarded_text,
            guarded_text_end};
#endif
  return {{ring0_syscall_entry, ring0_syscall_exit, ring0_interrupt_entry,
           ring0_leave_trap},
          {ring0_leave_trap_iretq, ring0_leave_syscall_jump},
          ring0_text,
          ring0_text_end};
}

Table Stepped;

// In the modes that switch FS, the last jump to a program in ring 0 stands
// behind an sti, and the CPU does not step between the two. It does stop at a
// breakpoint there, which ends what sti does: interrupts come in at the jump.
bool isStiAheadOfLast([[maybe_unused]] const char *Rip) {
#ifdef MODE_SWITCHES_FS
  return !ProgramsInRing3 && Rip + 1 == Stepped.Last[1];
#else
  return false;
#endif
}

void setBreakpoint0(const char *Rip) {
  asm volatile("movq %0, %%db0" : : "r"(Rip));
}

[[noreturn]] void sendNmis(void *) {
  for (;;) {
    for (unsigned I = 0; I != smp::numCpus(); ++I)
      lapic::send(smp::cpu(I).ApicId, lapic::Nmi);
    thread::yield();
  }
}

} // namespace

void initCpu() {
  if (!options::getNumber("step", 0))
    return;
  Stepped = table();
  setBreakpoint0(Stepped.Stops[0]);
  asm volatile("movq %0, %%db1" : : "r"(Stepped.Stops[1]));
  asm volatile("movq %0, %%db2" : : "r"(Stepped.Stops[2]));
  asm volatile("movq %0, %%db3" : : "r"(Stepped.Stops[3]));
  // All four, for execution (SDM volume 3, 18.2.4).
  asm volatile("movq %0, %%db7" : : "r"(uint64_t(0x4aa)));
}

void start() {
  if (!options::getNumber("nmis", 0))
    return;
  Thread *T = thread::create(sendNmis, nullptr, nullptr);
  if (!T)
    panic("no memory for the thread that sends NMIs");
  thread::start(*T);
}

void step(Frame &F) {
  if (!Stepped.Start)
    return;
  auto *Rip = reinterpret_cast<const char *>(F.rip);
  if (Rip >= Stepped.Start && Rip < Stepped.End && Rip != Stepped.Last[0] &&
      Rip != Stepped.Last[1] && !isStiAheadOfLast(Rip))
    F.rflags |= FlagsTF;
  else
    F.rflags &= ~FlagsTF;
  setBreakpoint0(isStiAheadOfLast(Rip) ? Stepped.Last[1] : Stepped.Stops[0]);
}

} // namespace stress
