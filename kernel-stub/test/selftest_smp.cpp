// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/selftest_smp.h"
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "device/timer.h"
#include "entry/interrupts.h"
#include "lib/options.h"
#include "memory/heap.h"
#include "test/selftest.h"
#include "thread/mutex.h"
#include "thread/thread.h"
#include "thread/thread_memory.h"
#include "user/vm.h"

namespace {

using thread::WaitResult;

unsigned NumEnded;

uint64_t load(const uint64_t &V) {
  return __atomic_load_n(&V, __ATOMIC_ACQUIRE);
}
unsigned load(const unsigned &V) {
  return __atomic_load_n(&V, __ATOMIC_ACQUIRE);
}
void add(unsigned &V, unsigned N = 1) {
  __atomic_add_fetch(&V, N, __ATOMIC_ACQ_REL);
}

void *number(uint64_t N) { return reinterpret_cast<void *>(N); }
unsigned number(void *P) { return reinterpret_cast<uint64_t>(P); }

Thread *startThread(void (*Function)(void *), void *Argument,
                    uint32_t Affinity = ~0u) {
  Thread *T = thread::create(Function, Argument, nullptr);
  if (!T)
    panic("selftest: no memory for a thread");
  T->Affinity = Affinity;
  thread::start(*T);
  return T;
}

void waitUntil(const unsigned &V, unsigned Wanted) {
  while (load(V) != Wanted)
    thread::yield();
}

// All meet here.
unsigned NumArrived;
void meet(unsigned All) {
  add(NumArrived);
  waitUntil(NumArrived, All);
}

bool hasAllProcessors() {
  uint64_t Expected = options::getNumber("cpus", 0);
  return CHECK(!Expected || smp::numCpus() == Expected);
}

// --- Thread-locals
// ------------------------------------------------------------

constexpr unsigned PerCpu = 3;
constexpr unsigned MaxTls = smp::MaxCpus * PerCpu;
__thread uint64_t Own[32] __attribute__((section(".tbss.first")));
void *Tps[MaxTls];

void checkTls(void *Index) {
  unsigned I = number(Index), All = smp::numCpus() * PerCpu;
  {
    cpu::InterruptGuard Guard;
    const Cpu &C = smp::current();
    Tps[I] = segshift_tp();
    CHECK(C.Id == I / PerCpu);
    CHECK(C.Tp == Tps[I]);
    CHECK(C.Running == &thread::current());
    CHECK(segshift_read_gs_base() == reinterpret_cast<uint64_t>(Tps[I]) ||
          !mode::TpIsInGs);
    CHECK(segshift_read_fs_base() != segshift_read_gs_base());
  }
  meet(All);
  for (unsigned J = 0; J != All; ++J)
    CHECK(J == I || Tps[J] != Tps[I]);
  for (uint64_t Round = 0; Round != 300; ++Round) {
    for (uint64_t &Value : Own)
      if (Value != Round * (I + 1))
        CHECK(!"a thread-local has another thread's value");
    for (uint64_t &Value : Own)
      Value += I + 1;
    thread::yield();
  }
  // Through all processors, with the same thread pointer.
  for (unsigned J = 0; J != smp::numCpus(); ++J) {
    thread::setAffinity(thread::current(), 1u << J);
    cpu::InterruptGuard Guard;
    CHECK(smp::current().Id == J);
    CHECK(segshift_tp() == Tps[I] && smp::current().Tp == Tps[I]);
    CHECK(Own[0] == 300 * (I + 1));
  }
  add(NumEnded);
}

// --- Locks and waits
// ------------------------------------------------------------

constexpr unsigned Rounds = 2000;
Mutex CounterMutex;
cpu::Lock CounterLock, RingLock;
unsigned UnderMutex, UnderLock; // not atomic
unsigned NumLockers;

void lockers(void *) {
  for (unsigned I = 0; I != Rounds; ++I) {
    {
      MutexGuard Guard(CounterMutex);
      unsigned N = UnderMutex;
      if (I % 16 == 0)
        thread::yield(); // preempted in the middle
      UnderMutex = N + 1;
    }
    cpu::LockGuard Guard(CounterLock);
    UnderLock = UnderLock + 1;
  }
  add(NumEnded);
}

// A token goes round; each has it Rounds times. By a lock, and by a ticket.
unsigned Token, TicketToken;
unsigned HadToken[smp::MaxCpus * 2], HadTicketToken[smp::MaxCpus * 2];

void ring(void *Index) {
  unsigned I = number(Index), Next = (I + 1) % NumLockers;
  for (unsigned R = 0; R != Rounds; ++R) {
    {
      cpu::LockGuard Guard(RingLock);
      while (Token != I)
        if (thread::wait(&HadToken[I], RingLock) != WaitResult::Woken)
          CHECK(!"a wait without deadline ended by itself");
      ++HadToken[I];
      Token = Next;
    }
    thread::wake(&HadToken[Next]);

    for (;;) {
      thread::Ticket T = thread::ticket(&HadTicketToken[I]);
      if (load(TicketToken) == I)
        break;
      thread::wait(&HadTicketToken[I], T);
    }
    ++HadTicketToken[I];
    __atomic_store_n(&TicketToken, Next, __ATOMIC_RELEASE);
    thread::wake(&HadTicketToken[Next]);
  }
  add(NumEnded);
}

// Of threads that wait for one key, a wake wakes as many as it says; others are
// requeued, and found there.
unsigned NumWaiting, NumThrough;
cpu::Lock GateLock;
bool GateOpen;
char OtherKey;

void waitAtGate(void *) {
  cpu::LockGuard Guard(GateLock);
  ++NumWaiting;
  while (!GateOpen)
    thread::wait(&GateOpen, GateLock);
  ++NumThrough;
  add(NumEnded);
}

void checkGate() {
  NumEnded = 0;
  constexpr unsigned N = 20;
  for (unsigned I = 0; I != N; ++I)
    startThread(waitAtGate, nullptr);
  waitUntil(NumWaiting, N);
  unsigned Moved;
  {
    cpu::LockGuard Guard(GateLock); // all wait: they hold it until then
    GateOpen = true;
    Moved = thread::requeue(&GateOpen, &OtherKey, 5);
  }
  CHECK(Moved == 5);
  unsigned Woken = thread::wake(&GateOpen, 7);
  CHECK(Woken == 7);
  waitUntil(NumEnded, 7);
  CHECK(thread::wake(&OtherKey) == 5);
  CHECK(thread::wake(&GateOpen) == N - 12);
  waitUntil(NumEnded, N);
  CHECK(NumThrough == N);
  CHECK(thread::wake(&GateOpen) == 0);
}

// --- Sleepers
// -------------------------------------------------------------------

constexpr unsigned NumSleepers = 100;
cpu::Lock SleepLock;

void sleeper(void *Index) {
  // In an order that is not that of their start.
  uint64_t Deadline =
      timer::now() + (number(Index) * 37 % NumSleepers + 1) * 200'000;
  {
    cpu::LockGuard Guard(SleepLock);
    WaitResult R = thread::wait(&Deadline, SleepLock, {.Deadline = Deadline});
    CHECK(R == (number(Index) % 10 ? WaitResult::TimedOut : R));
    if (R == WaitResult::TimedOut)
      CHECK(timer::now() >= Deadline);
  }
  add(NumEnded);
}

// --- TLB
// ------------------------------------------------------------------------

constexpr uint64_t TestAddress = 0x400000000;
constexpr unsigned TestPages = 64;
enum Phase : unsigned { Fill, Touched, Changed, Checked, Leave };
unsigned CurrentPhase[smp::MaxCpus];
unsigned Succeeded[smp::MaxCpus]; // accesses that should have failed
bool Writes;

void setPhase(unsigned I, Phase P) {
  __atomic_store_n(&CurrentPhase[I], P, __ATOMIC_RELEASE);
}

bool touch(unsigned Page) {
  uint64_t Address = TestAddress + Page * 4096, Value = 1;
  return Writes ? copyToUser(Address, &Value, 8)
                : copyFromUser(&Value, Address, 8);
}

// On each other processor, with interrupts off from before the change until
// after the look: no interrupt, switch or lock makes it forget what it has.
void toucher(void *Index) {
  unsigned I = number(Index);
  cpu::InterruptGuard Guard;
  for (unsigned P = 0; P != TestPages; ++P)
    CHECK(touch(P));
  setPhase(I, Touched);
  while (load(CurrentPhase[I]) != Changed)
    cpu::pause();
  // Each look ends in the page fault handler, which has a lock: one at a time.
  for (unsigned P = 0; P != TestPages; ++P)
    Succeeded[I] += touch(P);
  setPhase(I, Checked);
}

void checkShootdown(bool ByProtect) {
  using namespace vm;
  Mapping M;
  M.Protection = Read | Write;
  Writes = ByProtect;
  CHECK(map(TestAddress, TestPages * 4096, M));
  Writes = true;
  for (unsigned P = 0; P != TestPages; ++P)
    CHECK(touch(P));
  Writes = ByProtect;
  thread::setAffinity(thread::current(), 1);
  unsigned N = smp::numCpus();
  uint64_t Before[smp::MaxCpus];
  for (unsigned I = 1; I != N; ++I) {
    setPhase(I, Fill);
    Succeeded[I] = 0;
    startThread(toucher, number(uint64_t(I)), 1u << I);
    while (load(CurrentPhase[I]) != Touched)
      thread::yield();
    Before[I] = smp::cpu(I).NumShootdowns;
  }
  if (ByProtect)
    CHECK(protect(TestAddress, TestPages * 4096, Read));
  else
    CHECK(unmap(TestAddress, TestPages * 4096));
  for (unsigned I = 1; I != N; ++I) {
    // One for the range, not one for each page.
    CHECK(smp::cpu(I).NumShootdowns == Before[I] + 1);
    setPhase(I, Changed);
    while (load(CurrentPhase[I]) != Checked)
      thread::yield();
    if (!CHECK(Succeeded[I] == 0))
      log("selftest: processor %u still used %u of %u pages", I, Succeeded[I],
          TestPages);
  }
  CHECK(unmap(TestAddress, TestPages * 4096));
}

// On each other processor: has nothing to do while the change is made.
void idler(void *Index) {
  unsigned I = number(Index);
  for (unsigned P = 0; P != TestPages; ++P)
    CHECK(touch(P));
  setPhase(I, Touched);
  for (;;) {
    thread::Ticket T = thread::ticket(&CurrentPhase[I]);
    if (load(CurrentPhase[I]) == Changed)
      break;
    thread::wait(&CurrentPhase[I], T);
  }
  for (unsigned P = 0; P != TestPages; ++P)
    Succeeded[I] += touch(P);
  setPhase(I, Checked);
}

// Processors that idle are left alone, and forget all when they wake up.
void checkIdle() {
  using namespace vm;
  Mapping M;
  M.Protection = Read | Write;
  CHECK(map(TestAddress, TestPages * 4096, M));
  Writes = true;
  unsigned N = smp::numCpus();
  uint64_t Before[smp::MaxCpus];
  for (unsigned I = 1; I != N; ++I) {
    setPhase(I, Fill);
    Succeeded[I] = 0;
    startThread(idler, number(uint64_t(I)), 1u << I);
    while (load(CurrentPhase[I]) != Touched)
      thread::yield();
  }
  for (unsigned I = 1; I != N; ++I) {
    while (__atomic_load_n(&smp::cpu(I).Running, __ATOMIC_ACQUIRE) !=
           smp::cpu(I).Idle)
      thread::yield();
    Before[I] = smp::cpu(I).NumShootdowns;
  }
  CHECK(protect(TestAddress, TestPages * 4096, Read));
  for (unsigned I = 1; I != N; ++I) {
    CHECK(smp::cpu(I).NumShootdowns == Before[I]);
    setPhase(I, Changed);
    thread::wake(&CurrentPhase[I]);
    while (load(CurrentPhase[I]) != Checked)
      thread::yield();
    if (!CHECK(Succeeded[I] == 0))
      log("selftest: processor %u still used %u of %u pages after it was idle",
          I, Succeeded[I], TestPages);
  }
  CHECK(unmap(TestAddress, TestPages * 4096));
}

// A kernel block: the same.
void checkHeap() {
  constexpr size_t Size = 16 * 4096;
  uint64_t Before = smp::cpu(smp::numCpus() - 1).NumShootdowns;
  heap::free(heap::allocate(Size));
  CHECK(smp::cpu(smp::numCpus() - 1).NumShootdowns == Before + 1);
}

// All processors ask at once, with interrupts off: 200 times in all, as each
// waits for all others.
void asker(void *) {
  for (unsigned I = 0; I != 200 / smp::numCpus(); ++I) {
    cpu::InterruptGuard Guard;
    heap::free(heap::allocate(2 * 4096));
  }
  add(NumEnded);
}

// --- NMI
// ------------------------------------------------------------------------

unsigned NmisSeen, StormPhase;

void nmiTarget(void *Index) {
  unsigned I = number(Index);
  meet(2 * (smp::numCpus() - 1) + 1);
  for (uint64_t Round = 0; !load(StormPhase); ++Round) {
    for (uint64_t &Value : Own)
      if (Value != Round * (I + 1))
        CHECK(!"a thread-local has another thread's value");
    for (uint64_t &Value : Own)
      Value += I + 1;
    thread::yield();
  }
  add(NmisSeen, interrupts::nmiCount());
  add(NumEnded);
}

} // namespace

int smp_test::tls() {
  if (!hasAllProcessors())
    return 1;
  unsigned All = smp::numCpus() * PerCpu;
  for (unsigned I = 0; I != All; ++I)
    startThread(checkTls, number(uint64_t(I)), 1u << I / PerCpu);
  waitUntil(NumEnded, All);
  return selftest::hasFailed();
}

int smp_test::locks() {
  if (!hasAllProcessors())
    return 1;
  NumLockers = 2 * smp::numCpus();
  for (unsigned I = 0; I != NumLockers; ++I)
    startThread(lockers, nullptr);
  waitUntil(NumEnded, NumLockers);
  CHECK(UnderMutex == NumLockers * Rounds);
  CHECK(UnderLock == NumLockers * Rounds);

  NumEnded = 0;
  for (unsigned I = 0; I != NumLockers; ++I)
    startThread(ring, number(uint64_t(I)));
  waitUntil(NumEnded, NumLockers);
  for (unsigned I = 0; I != NumLockers; ++I)
    CHECK(HadToken[I] == Rounds && HadTicketToken[I] == Rounds);
  checkGate();
  return selftest::hasFailed();
}

int smp_test::timers() {
  for (unsigned I = 0; I != NumSleepers; ++I)
    startThread(sleeper, number(uint64_t(I)));
  waitUntil(NumEnded, NumSleepers);
  return selftest::hasFailed();
}

int smp_test::shootdown() {
  if (!hasAllProcessors() || !CHECK(smp::numCpus() > 1))
    return 1;
  checkShootdown(false);
  checkShootdown(true);
  checkIdle();
  checkHeap();
  NumEnded = 0;
  for (unsigned I = 0; I != smp::numCpus(); ++I)
    startThread(asker, nullptr, 1u << I);
  waitUntil(NumEnded, smp::numCpus());
  return selftest::hasFailed();
}

int smp_test::nmiStorm() {
  if (!hasAllProcessors() || !CHECK(smp::numCpus() > 1))
    return 1;
  thread::setAffinity(thread::current(), 1);
  unsigned N = smp::numCpus(), NmisPerCpu = 600 / (N - 1);
  uint64_t Start[smp::MaxCpus];
  for (unsigned I = 0; I != 2 * (N - 1); ++I)
    startThread(nmiTarget, number(uint64_t(I)), 1u << (1 + I / 2));
  meet(2 * (N - 1) + 1);
  for (unsigned I = 1; I != N; ++I)
    Start[I] = load(smp::cpu(I).NumNmis);
  for (unsigned Round = 0; Round != NmisPerCpu; ++Round)
    for (unsigned I = 1; I != N; ++I) {
      Cpu &C = smp::cpu(I);
      uint64_t Before = load(C.NumNmis);
      smp::sendNmi(C);
      while (load(C.NumNmis) == Before)
        cpu::pause();
    }
  for (unsigned I = 1; I != N; ++I)
    CHECK(smp::cpu(I).NumNmis == Start[I] + NmisPerCpu);
  __atomic_store_n(&StormPhase, 1u, __ATOMIC_RELEASE);
  waitUntil(NumEnded, 2 * (N - 1));
  // Each was counted in the thread-locals of the thread that it came to.
  if (!CHECK(NmisSeen == NmisPerCpu * (N - 1)))
    log("selftest: %u NMIs of %u", NmisSeen, NmisPerCpu * (N - 1));
  return selftest::hasFailed();
}

// As many threads as processors, this one among them, started on one and never
// waiting: at some time each runs on a processor of its own.
int smp_test::spread() {
  if (!hasAllProcessors())
    return 1;
  static unsigned Stop;
  unsigned N = smp::numCpus();
  Thread *Threads[smp::MaxCpus] = {};
  for (unsigned I = 1; I != N; ++I)
    Threads[I] = startThread(
        [](void *) {
          while (!load(Stop))
            cpu::pause();
          add(NumEnded);
        },
        nullptr);
  for (uint32_t Cpus = 0; Cpus != (1u << N) - 1;) {
    cpu::InterruptGuard Guard;
    Cpus = 1u << smp::current().Id;
    for (unsigned I = 1; I != N; ++I)
      if (__atomic_load_n(&Threads[I]->OnCpu, __ATOMIC_RELAXED))
        Cpus |= 1u << __atomic_load_n(&Threads[I]->CpuId, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&Stop, 1u, __ATOMIC_RELEASE);
  waitUntil(NumEnded, N - 1);
  return selftest::hasFailed();
}

int smp_test::manyThreads() {
  constexpr unsigned N = 1200;
  size_t Before = thread::numThreads();
  for (unsigned I = 0; I != N; ++I)
    startThread(waitAtGate, nullptr);
  waitUntil(NumWaiting, N);
  CHECK(thread::numThreads() == Before + N);
  log("threads: %lu live, %lu bytes of memory each", thread::numThreads(),
      thread_memory::bytesPerThread());
  {
    cpu::LockGuard Guard(GateLock);
    GateOpen = true;
  }
  CHECK(thread::wake(&GateOpen) == N);
  waitUntil(NumEnded, N);
  CHECK(NumThrough == N);
  while (thread::numThreads() != Before) {
    thread::yield();
    thread::reap();
  }
  return selftest::hasFailed();
}

int smp_test::panicOther() {
  for (unsigned I = 0; I != smp::numCpus(); ++I)
    startThread(
        [](void *) {
          for (;;)
            log("selftest: alive");
        },
        nullptr, 1u << I);
  startThread(
      [](void *) {
        for (unsigned I = 0; I != 20; ++I)
          thread::yield();
        panic("selftest: panic on another processor");
      },
      nullptr, 1u << (smp::numCpus() - 1));
  for (;;)
    thread::yield();
}

int smp_test::wrongNote() {
  cpu::InterruptGuard Guard;
  smp::current().Tp = smp::cpu(0).Idle->Bases.Tp;
  asm volatile("int3");
  return 1;
}
