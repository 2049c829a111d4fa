// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread.h"
#include "config.h"
#include "cpu.h"
#include "memory.h"
#include "paging.h"
#include "panic.h"
#include "processor.h"
#include "smp.h"
#include "string.h"
#include "thread_exit.h"
#include "timer.h"

extern "C" {
Thread *switch_stacks(uint64_t *SaveRsp, uint64_t NewRsp, Thread *Previous);
extern const char thread_start[], boot_stack[];
void finishSwitch(Thread *Previous);
[[noreturn]] void endThread();
}

namespace thread {
namespace {

using paging::PageSize;

// Each thread has a window of addresses for its stack, with a guard page below,
// and its TLS block. In the modes that share one block with the program, the
// program's TLS may be larger than the kernel's: there is room for that below.
constexpr uint64_t WindowSize = 0x80000;
constexpr uint64_t TlsAreaOffset = 0x40000;
constexpr uint64_t TlsAreaBelow = mode::LoaderSharesBlock ? 0x20000 : 0;

Thread Threads[MaxThreads];
Thread *IdleThread;
Thread *DeadList;
int NextId = 1;

class Queue {
public:
  void push(Thread &T) {
    T.Next = nullptr;
    (Last ? Last->Next : First) = &T;
    Last = &T;
  }
  Thread *pop() {
    Thread *T = First;
    if (T && !(First = T->Next))
      Last = nullptr;
    return T;
  }
  bool empty() const { return !First; }

private:
  Thread *First = nullptr, *Last = nullptr;
};
Queue ReadyQueue;

__thread Thread *Current;
// Never changes: a thread whose value is another has had its TLS overwritten.
constexpr uint64_t MagicValue = 0x736c6c6174736d65;
__thread uint64_t Magic = MagicValue;
__thread unsigned PreemptCount;
__thread bool NeedResched;

uint64_t windowOf(const Thread &T) {
  return THREAD_AREA + (&T - Threads) * WindowSize;
}

uint64_t blockOf(const Thread &T) {
  return windowOf(T) + TlsAreaOffset + TlsAreaBelow;
}

bool mapRange(uint64_t Start, uint64_t Size) {
  for (uint64_t A = Start; A < Start + Size; A += PageSize) {
    uint64_t Page = memory::allocatePage();
    if (!Page)
      return false;
    if (!paging::map(A, Page, paging::Writable | paging::NoExecute)) {
      memory::freePage(Page);
      return false;
    }
  }
  return true;
}

void freeWindow(Thread &T) {
  for (uint64_t A = windowOf(T); A != windowOf(T) + WindowSize; A += PageSize)
    if (uint64_t Page = paging::unmap(A))
      memory::freePage(Page);
  if (T.ExtendedState)
    memory::freePage(memory::physical(T.ExtendedState));
  T = Thread();
}

Thread *findFree() {
  for (Thread &T : Threads)
    if (T.S == Thread::Free)
      return &T;
  return nullptr;
}

void makeReady(Thread &T) {
  T.S = Thread::Ready;
  ReadyQueue.push(T);
}

// Sets the kernel's slot in a block's TCB, as entry.S reads it.
void setStackSlot(void *Tp, uint64_t StackTop) {
  memcpy(static_cast<char *>(Tp) + SEGSHIFT_SLOT_SYSCALL_STACK, &StackTop, 8);
}

// Sets a thread-local of a thread that does not run: each is at the same offset
// from every thread's thread pointer.
template <typename T> void setThreadLocal(void *Tp, T &Variable, T Value) {
  auto Offset =
      reinterpret_cast<char *>(&Variable) - static_cast<char *>(segshift_tp());
  memcpy(static_cast<char *>(Tp) + Offset, &Value, sizeof(T));
}

// Interrupts are off. Between the change of bases and that of stacks, code runs
// on the old stack with the new thread-locals: it uses neither thread-locals
// nor a canary.
__attribute__((no_stack_protector)) void switchTo(Thread &Next) {
  Thread &Previous = *Current;
  NeedResched = false;
  if (&Previous == &Next) {
    Next.S = Thread::Running;
    return;
  }
  Next.S = Thread::Running;
  if (Previous.ExtendedState)
    processor::saveExtendedState(Previous.ExtendedState);
  if (Next.ExtendedState)
    processor::loadExtendedState(Next.ExtendedState);
  Cpu &C = smp::current();
  C.State.Rsp[0] = Next.StackTop;
  C.TpBefore = C.Tp;
  C.Tp = Next.Bases.Tp;
  mode::switchBases(Previous.Bases, Next.Bases);
  C.TpBefore = nullptr;
  Thread *Before = switch_stacks(&Previous.Rsp, Next.Rsp, &Previous);
  finishSwitch(Before);
}

// Leaves the running thread in the state that it has been given.
void schedule() {
  Thread *Next = ReadyQueue.pop();
  switchTo(Next ? *Next : *IdleThread);
}

} // namespace

void init() {
  Thread &T = Threads[0];
  T.Bases.Tp = segshift_tp();
  T.StackTop = reinterpret_cast<uint64_t>(boot_stack) + KSTACK_SIZE;
  T.S = Thread::Running;
  setStackSlot(T.Bases.Tp, T.StackTop);
  Current = IdleThread = &T;
  smp::current().Tp = T.Bases.Tp;
}

void idle() {
  for (;;) {
    cpu::disableInterrupts();
    if (ReadyQueue.empty())
      cpu::waitForInterrupt();
    else
      schedule();
    cpu::enableInterrupts();
  }
}

Thread &current() { return *Current; }

bool isCurrentSane() {
  uint64_t Offset =
      reinterpret_cast<uint64_t>(Current) - reinterpret_cast<uint64_t>(Threads);
  return Magic == MagicValue && Offset < sizeof(Threads) &&
         Offset % sizeof(Thread) == 0;
}

Thread *create(void (*Function)(void *), void *Argument, Process *Owner) {
  cpu::InterruptGuard Guard;
  reap();
  Thread *T = findFree();
  if (!T)
    return nullptr;
  uint64_t Window = windowOf(*T);
  uint64_t Tls = Window + TlsAreaOffset;
  if (!mapRange(Window + PageSize, KSTACK_SIZE - PageSize) ||
      !mapRange(Tls, TlsAreaBelow + kernel_tls::size())) {
    freeWindow(*T);
    return nullptr;
  }
  if (Owner || KERNEL_EXTENDED_STATE) {
    uint64_t Page = memory::allocatePage();
    if (!Page || processor::extendedStateSize() > PageSize) {
      freeWindow(*T);
      return nullptr;
    }
    T->ExtendedState = memory::direct(Page);
    processor::initExtendedState(T->ExtendedState);
  }

  T->StackTop = Window + KSTACK_SIZE;
  T->Id = NextId++;
  T->Owner = Owner;
  T->WakeTime = NoDeadline;
  T->S = Thread::Blocked;
  T->Bases.Tp = kernel_tls::make(reinterpret_cast<void *>(blockOf(*T)));
  T->Bases.IsProgram = Owner;
  setStackSlot(T->Bases.Tp, T->StackTop);
  setThreadLocal(T->Bases.Tp, Current, T);

  // What switch_stacks pops: R15, R14, R13, R12, RBX, RBP, return address.
  *T->frame() = Frame();
  auto *Stack = reinterpret_cast<uint64_t *>(T->frame()) - 7;
  Stack[2] = reinterpret_cast<uint64_t>(Argument);
  Stack[3] = reinterpret_cast<uint64_t>(Function);
  Stack[6] = reinterpret_cast<uint64_t>(thread_start);
  T->Rsp = reinterpret_cast<uint64_t>(Stack);
  return T;
}

void start(Thread &T) {
  cpu::InterruptGuard Guard;
  makeReady(T);
}

void discard(Thread &T) {
  cpu::InterruptGuard Guard;
  freeWindow(T);
}

void end() {
  cpu::disableInterrupts();
  runThreadDestructors();
  memory::flushCache();
  Current->S = Thread::Dead;
  schedule();
  panic("an ended thread runs");
}

void reap() {
  cpu::InterruptGuard Guard;
  while (Thread *T = DeadList) {
    DeadList = T->Next;
    freeWindow(*T);
  }
}

void yield() {
  cpu::InterruptGuard Guard;
  if (Current != IdleThread)
    makeReady(*Current);
  schedule();
}

bool wait(const void *Key, uint64_t Deadline) {
  Thread &T = *Current;
  T.WaitKey = Key;
  T.WakeTime = Deadline;
  T.TimedOut = false;
  T.S = Thread::Blocked;
  schedule();
  return !T.TimedOut;
}

static void unblock(Thread &T, bool TimedOut) {
  T.WaitKey = nullptr;
  T.WakeTime = NoDeadline;
  T.TimedOut = TimedOut;
  makeReady(T);
}

unsigned wake(const void *Key, unsigned Max) {
  cpu::InterruptGuard Guard;
  unsigned N = 0;
  for (Thread &T : Threads) {
    if (N == Max)
      break;
    if (T.S == Thread::Blocked && T.WaitKey == Key) {
      unblock(T, false);
      ++N;
    }
  }
  return N;
}

void wakeAll(const Process &P) {
  cpu::InterruptGuard Guard;
  for (Thread &T : Threads)
    if (T.S == Thread::Blocked && T.Owner == &P && T.WaitKey)
      unblock(T, false);
}

void interrupt(Thread &T) {
  cpu::InterruptGuard Guard;
  if (T.S == Thread::Blocked && T.WaitKey)
    unblock(T, false);
}

unsigned requeue(const void *From, const void *To, unsigned Max) {
  cpu::InterruptGuard Guard;
  unsigned N = 0;
  for (Thread &T : Threads)
    if (N != Max && T.S == Thread::Blocked && T.WaitKey == From) {
      T.WaitKey = To;
      ++N;
    }
  return N;
}

void tick() {
  uint64_t Now = timer::now();
  for (Thread &T : Threads)
    if (T.S == Thread::Blocked && T.WakeTime <= Now)
      unblock(T, true);
  NeedResched = true;
}

void preempt() {
  if (NeedResched && !PreemptCount && !ReadyQueue.empty())
    yield();
}

size_t numThreads() {
  size_t N = 0;
  for (const Thread &T : Threads)
    N += T.S != Thread::Free;
  return N;
}

uint64_t sharedTlsRoom() { return TlsAreaBelow + kernel_tls::sizeBelow(); }

PreemptGuard::PreemptGuard() { ++PreemptCount; }
PreemptGuard::~PreemptGuard() { --PreemptCount; }

} // namespace thread

// On the new thread's stack: the previous one has left its own.
void finishSwitch(Thread *Previous) {
  if (Previous->S != Thread::Dead)
    return;
  Previous->Next = thread::DeadList;
  thread::DeadList = Previous;
}

void endThread() { thread::end(); }
