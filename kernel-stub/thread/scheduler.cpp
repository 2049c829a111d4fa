// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread/scheduler.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "cpu/smp.h"
#include "device/timer.h"
#include "memory/tlb.h"
#include "thread/sleepers.h"
#include "thread/thread.h"

extern "C" {
Thread *switch_stacks(uint64_t *SaveRsp, uint64_t NewRsp, Thread *Previous);
void finishSwitch(Thread *Previous);
}

namespace thread {
void buryDead(Thread &T); // thread.cpp
}

namespace scheduler {
namespace {

__thread unsigned PreemptCount;
__thread bool NeedSwitch;

bool mayRun(const Thread &T, const Cpu &C) {
  return __atomic_load_n(&T.Affinity, __ATOMIC_RELAXED) >> C.Id & 1;
}

unsigned queueLength(const Cpu &C) {
  return __atomic_load_n(&C.QueueLength, __ATOMIC_RELAXED);
}

bool isIdle(const Cpu &C) {
  return __atomic_load_n(&C.Running, __ATOMIC_RELAXED) == C.Idle &&
         !queueLength(C);
}

void push(Cpu &C, Thread &T) {
  cpu::LockGuard Guard(C.QueueLock);
  T.Next = nullptr;
  (C.QueueLast ? C.QueueLast->Next : C.QueueFirst) = &T;
  C.QueueLast = &T;
  ++C.QueueLength;
}

// Takes the first thread of C's queue that Taker may run, or null.
Thread *take(Cpu &C, const Cpu &Taker) {
  cpu::LockGuard Guard(C.QueueLock);
  Thread *Before = nullptr;
  for (Thread *T = C.QueueFirst; T; Before = T, T = T->Next) {
    // One that has not left its stack yet is its own processor's.
    if (&C != &Taker &&
        (__atomic_load_n(&T->OnCpu, __ATOMIC_ACQUIRE) || !mayRun(*T, Taker)))
      continue;
    (Before ? Before->Next : C.QueueFirst) = T->Next;
    if (C.QueueLast == T)
      C.QueueLast = Before;
    --C.QueueLength;
    return T;
  }
  return nullptr;
}

// Where to put a thread that is on no processor: where it was, if there is
// nothing to do; where there is nothing to do; or where there is least.
Cpu &choose(const Thread &T) {
  Cpu *Best = nullptr;
  unsigned N = smp::numCpus();
  for (unsigned I = 0; I != N; ++I) {
    Cpu &C = smp::cpu((T.CpuId + I) % N);
    if (!mayRun(T, C))
      continue;
    if (isIdle(C))
      return C;
    if (!Best || queueLength(C) < queueLength(*Best))
      Best = &C;
  }
  return *Best;
}

Thread *next(Cpu &C) {
  while (Thread *T = take(C, C)) {
    if (mayRun(*T, C))
      return T;
    // It was moved while it waited here. The running one goes when it has left.
    if (T == C.Running)
      T->IsLeaving = true;
    else
      tell(makeReady(*T));
  }
  unsigned N = smp::numCpus();
  for (unsigned I = 1; I != N; ++I) {
    Cpu &Other = smp::cpu((C.Id + I) % N);
    if (queueLength(Other))
      if (Thread *T = take(Other, C)) {
        ++C.NumStolen;
        return T;
      }
  }
  return nullptr;
}

// Between the change of bases and that of stacks, code runs on the old stack
// with the new thread-locals: it uses neither thread-locals nor a canary.
__attribute__((no_stack_protector)) void switchTo(Cpu &C, Thread &Previous,
                                                  Thread &Next) {
  if (&Previous == &Next) {
    Next.S = Thread::Running;
    return;
  }
  ++C.NumSwitches;
  Next.RunningSince = timer::now();
  // From here on others count the time since then: process::cpuTimeOf.
  __atomic_store_n(&Next.S, Thread::Running, __ATOMIC_RELEASE);
  Previous.CpuTime += Next.RunningSince - Previous.RunningSince;
  Next.OnCpu = true;
  Next.CpuId = C.Id;
  Next.CpusUsed |= 1u << C.Id;
  __atomic_store_n(&C.Running, &Next, __ATOMIC_RELAXED);
  if (&Previous == C.Idle)
    tlb::leaveIdle(C);
  if (Previous.ExtendedState)
    extended_state::save(Previous.ExtendedState);
  if (Next.ExtendedState)
    extended_state::load(Next.ExtendedState);
  C.State.Rsp[0] = Next.StackTop;
  C.TpBefore = C.Tp;
  C.Tp = Next.Bases.Tp;
  mode::switchBases(Previous.Bases, Next.Bases);
  C.TpBefore = nullptr;
  finishSwitch(switch_stacks(&Previous.Rsp, Next.Rsp, &Previous));
}

} // namespace

[[gnu::noinline]] void schedule() {
  Cpu &C = smp::current();
  NeedSwitch = false;
  Thread *T = next(C);
  switchTo(C, thread::current(), T ? *T : *C.Idle);
}

uint32_t makeReady(Thread &T) {
  T.S = Thread::Ready;
  Cpu &C = T.OnCpu ? smp::cpu(T.CpuId) : choose(T);
  push(C, T);
  // Against idle(): either it sees the queue, or this sees that it is idle.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  bool IsIdle = &C != &smp::current() &&
                __atomic_load_n(&C.Running, __ATOMIC_RELAXED) == C.Idle;
  return IsIdle ? 1u << C.Id : 0;
}

void tell(uint32_t Cpus) {
  for (; Cpus; Cpus &= Cpus - 1)
    smp::sendReschedule(smp::cpu(__builtin_ctz(Cpus)));
}

void idle() {
  for (;;) {
    cpu::disableInterrupts();
    Cpu &C = smp::current();
    bool Any = false;
    for (unsigned I = 0; I != smp::numCpus(); ++I)
      Any |= queueLength(smp::cpu(I)) != 0;
    if (Any)
      schedule();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queueLength(C))
      cpu::waitForInterrupt();
    cpu::enableInterrupts();
  }
}

void tick() {
  Cpu &C = smp::current();
  ++C.NumTicks;
  C.NumBusyTicks += C.Running != C.Idle;
  sleepers::wake(timer::now());
  // A fair share: of two more than here, one comes here.
  for (unsigned I = 0; I != smp::numCpus(); ++I) {
    Cpu &Other = smp::cpu(I);
    if (queueLength(Other) >= queueLength(C) + 2)
      if (Thread *T = take(Other, C)) {
        ++C.NumStolen;
        push(C, *T);
      }
  }
  NeedSwitch = true;
}

void requestSwitch() { NeedSwitch = true; }

void preempt() {
  if (!NeedSwitch || PreemptCount)
    return;
  cpu::InterruptGuard Guard;
  Cpu &C = smp::current();
  // Also if there is nobody to switch to: the next tick asks again, and until
  // then no way out of the kernel looks at the queue.
  NeedSwitch = false;
  if (queueLength(C) || !mayRun(thread::current(), C))
    thread::yield();
}

} // namespace scheduler

namespace thread {

void yield() {
  cpu::InterruptGuard Guard;
  Cpu &C = smp::current();
  Thread &T = current();
  if (&T != C.Idle) {
    if (scheduler::mayRun(T, C))
      (void)scheduler::makeReady(T); // here
    else
      T.IsLeaving = true;
  }
  scheduler::schedule();
}

void setAffinity(Thread &T, uint32_t Mask) {
  __atomic_store_n(&T.Affinity, Mask, __ATOMIC_RELAXED);
  cpu::InterruptGuard Guard;
  if (&T == &current())
    return yield();
  if (T.OnCpu)
    smp::sendReschedule(smp::cpu(T.CpuId));
}

PreemptGuard::PreemptGuard() { ++scheduler::PreemptCount; }
PreemptGuard::~PreemptGuard() { --scheduler::PreemptCount; }

} // namespace thread

// On the new thread's stack: the previous one has left its own. It may be run
// elsewhere as soon as that is known, and no longer be there.
void finishSwitch(Thread *Previous) {
  bool IsDead = Previous->S == Thread::Dead;
  bool IsLeaving = Previous->IsLeaving;
  Previous->IsLeaving = false;
  __atomic_store_n(&Previous->OnCpu, false, __ATOMIC_RELEASE);
  if (IsDead)
    thread::buryDead(*Previous);
  else if (IsLeaving)
    scheduler::tell(scheduler::makeReady(*Previous));
}
