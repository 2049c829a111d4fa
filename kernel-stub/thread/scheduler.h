// Which thread runs where: a queue for each processor, round robin, preempted
// by the timer at any instruction that has interrupts on and no PreemptGuard. A
// processor without work takes some of another's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SCHEDULER_H
#define STUB_SCHEDULER_H

#include "thread/thread.h"

struct Cpu;

namespace scheduler {

// What a processor does without work. On its idle thread.
[[noreturn]] void idle();

// Puts a thread that does not run, or that is about to stop running, into a run
// queue. The caller alone may do so at this moment: it has made the thread, or
// found it waiting, under the lock of what it waits for. Interrupts are off.
// Returns which processors have nothing to do and are to be told of it, a bit
// for each: by tell(), before interrupts are on again. Best without a lock, as
// an IPI takes long, and longer in a virtual machine.
[[nodiscard]] uint32_t makeReady(Thread &T);
void tell(uint32_t Cpus);

// Leaves the running thread in the state that it has been given, until someone
// makes it ready. Interrupts are off.
void schedule();

// From the timer interrupt: wakes sleepers, asks for a switch.
void tick();
// From an interrupt: asks for a switch at its end.
void requestSwitch();
// At the end of an interrupt: switches if a switch was asked for and is
// allowed.
void preempt();

} // namespace scheduler

#endif
