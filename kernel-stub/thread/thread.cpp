// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread/thread.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "thread/scheduler.h"
#include "thread/thread_memory.h"
#include "tls/thread_exit.h"
#include "tls/tls_guard.h"

extern "C" {
extern const char thread_start[], boot_stack[];
[[noreturn]] void endThread();
}

namespace thread {
namespace {

Thread BootThread;
int NextId = 1;

cpu::Lock DeadLock;
Thread *DeadList;
// Threads of programs that were started and have not left their stacks for
// good.
unsigned NumOfPrograms;

// All threads that were started and have not ended, by Id.
constexpr unsigned NumIdLists = 256;
cpu::Lock IdLock;
Thread *IdLists[NumIdLists];

__thread Thread *Current;
// Never changes: a thread whose value is another has had its TLS overwritten.
constexpr uint64_t MagicValue = 0x736c6c6174736d65;
__thread uint64_t Magic = MagicValue;

// Sets a thread-local of a thread that does not run: each is at the same offset
// from every thread's thread pointer.
template <typename T> void setThreadLocal(void *Tp, T &Variable, T Value) {
  auto Offset =
      reinterpret_cast<char *>(&Variable) - static_cast<char *>(segshift_tp());
  memcpy(static_cast<char *>(Tp) + Offset, &Value, sizeof(T));
}

Thread **idList(int Id) { return &IdLists[unsigned(Id) % NumIdLists]; }

Thread *make(void (*Function)(void *), void *Argument, Process *Owner) {
  Thread *T = thread_memory::allocate();
  if (!T)
    return nullptr;
  if (Owner || KERNEL_EXTENDED_STATE)
    extended_state::init(T->ExtendedState);
  else
    T->ExtendedState = nullptr;
  T->Owner = Owner;
  T->Affinity = ~0u;
  T->WakeTime = NoDeadline;
  T->Bases.Tp = kernel_tls::make(thread_memory::block(*T));
  if (!tls_guard::protect(T->Bases.Tp)) {
    thread_memory::free(*T);
    return nullptr;
  }
  T->Bases.IsProgram = Owner;
  mode::setSlots(T->Bases.Tp, T->StackTop);
  setThreadLocal(T->Bases.Tp, Current, T);

  // What switch_stacks pops: R15, R14, R13, R12, RBX, RBP, return address.
  *T->frame() = Frame();
  auto *Stack = reinterpret_cast<uint64_t *>(T->frame()) - 7;
  memset(Stack, 0, 7 * sizeof(*Stack));
  Stack[2] = reinterpret_cast<uint64_t>(Argument);
  Stack[3] = reinterpret_cast<uint64_t>(Function);
  Stack[6] = reinterpret_cast<uint64_t>(thread_start);
  T->Rsp = reinterpret_cast<uint64_t>(Stack);
  return T;
}

} // namespace

void init() {
  Thread &T = BootThread;
  Cpu &C = smp::current();
  T.Bases.Tp = segshift_tp();
  T.StackTop = reinterpret_cast<uint64_t>(boot_stack) + KSTACK_SIZE;
  T.S = Thread::Running;
  T.OnCpu = true;
  T.Affinity = 1;
  mode::setSlots(T.Bases.Tp, T.StackTop);
  if (!tls_guard::protect(T.Bases.Tp))
    panic("no memory for page tables");
  Current = &T;
  C.Tp = T.Bases.Tp;
  C.Running = C.Idle = &T;
}

Thread &current() { return *Current; }

bool isCurrentSane() {
  return Magic == MagicValue &&
         (Current == &BootThread || thread_memory::isThread(Current));
}

Thread *create(void (*Function)(void *), void *Argument, Process *Owner) {
  reap();
  Thread *T = make(Function, Argument, Owner);
  if (T)
    T->Id = __atomic_fetch_add(&NextId, 1, __ATOMIC_RELAXED);
  return T;
}

Thread *createIdle(const Cpu &C) {
  Thread *T = make(nullptr, nullptr, nullptr);
  if (!T)
    return nullptr;
  T->S = Thread::Running;
  T->OnCpu = true;
  T->CpuId = C.Id;
  T->Affinity = 1u << C.Id;
  return T;
}

void start(Thread &T) {
  cpu::InterruptGuard Guard;
  if (T.Owner)
    __atomic_add_fetch(&NumOfPrograms, 1, __ATOMIC_RELAXED);
  {
    cpu::LockGuard IdGuard(IdLock);
    T.IdNext = *idList(T.Id);
    *idList(T.Id) = &T;
  }
  scheduler::tell(scheduler::makeReady(T));
}

void discard(Thread &T) {
  kernel_tls::release(T.Bases.Tp);
  thread_memory::free(T);
}

void end() {
  cpu::disableInterrupts();
  runThreadDestructors();
  memory::flushCache();
  Thread &T = *Current;
  {
    cpu::LockGuard Guard(IdLock);
    Thread **Link = idList(T.Id);
    while (*Link != &T)
      Link = &(*Link)->IdNext;
    *Link = T.IdNext;
  }
  T.S = Thread::Dead;
  scheduler::schedule();
  panic("an ended thread runs");
}

void buryDead(Thread &T) {
  cpu::LockGuard Guard(DeadLock);
  if (T.Owner)
    __atomic_sub_fetch(&NumOfPrograms, 1, __ATOMIC_RELEASE);
  T.Next = DeadList;
  DeadList = &T;
}

void reap() {
  for (;;) {
    Thread *T;
    {
      cpu::LockGuard Guard(DeadLock);
      if (!(T = DeadList))
        return;
      DeadList = T->Next;
    }
    kernel_tls::release(T->Bases.Tp);
    thread_memory::free(*T);
  }
}

void waitForEndOfAll(const Process &) { // there is one program
  while (__atomic_load_n(&NumOfPrograms, __ATOMIC_ACQUIRE))
    yield();
}

bool withThread(int Id, void (*Function)(void *, Thread &), void *Argument) {
  cpu::LockGuard Guard(IdLock);
  for (Thread *T = *idList(Id); T; T = T->IdNext)
    if (T->Id == Id) {
      Function(Argument, *T);
      return true;
    }
  return false;
}

void forEach(const Process &P, void (*Function)(void *, Thread &),
             void *Argument) {
  cpu::LockGuard Guard(IdLock);
  for (Thread *List : IdLists)
    for (Thread *T = List; T; T = T->IdNext)
      if (T->Owner == &P)
        Function(Argument, *T);
}

void interruptAll(const Process &P) {
  forEach(P, [](Thread &T) { interrupt(T); });
}

size_t numThreads() { return 1 + thread_memory::numInUse(); }

uint64_t sharedTlsRoom() {
  return thread_memory::RoomBelowBlock + kernel_tls::sizeBelow();
}

} // namespace thread

void endThread() { thread::end(); }
