// Waiting threads, in lists by the hash of what they wait for.
//
// Locks, in this order: a bucket; the sleepers; a run queue.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/cpu.h"
#include "cpu/smp.h"
#include "device/timer.h"
#include "thread/scheduler.h"
#include "thread/sleepers.h"
#include "thread/thread.h"

namespace thread {
namespace {

struct Bucket {
  cpu::Lock Lock;
  Thread *First = nullptr, *Last = nullptr;
  uint64_t Sequence = 0; // counts wakes: see Ticket

  void push(Thread &T) {
    T.WaitNext = nullptr;
    T.WaitPrevious = Last;
    (Last ? Last->WaitNext : First) = &T;
    Last = &T;
  }
  void remove(Thread &T) {
    (T.WaitPrevious ? T.WaitPrevious->WaitNext : First) = T.WaitNext;
    (T.WaitNext ? T.WaitNext->WaitPrevious : Last) = T.WaitPrevious;
  }
};

constexpr unsigned BucketBits = 8;
Bucket Buckets[1 << BucketBits];

Bucket &bucketOf(const void *Key) {
  // Fibonacci hashing (Knuth, volume 3, 6.4).
  return Buckets[reinterpret_cast<uint64_t>(Key) * 0x9e3779b97f4a7c15 >>
                 (64 - BucketBits)];
}

const void *keyOf(const Thread &T) {
  return __atomic_load_n(&T.WaitKey, __ATOMIC_ACQUIRE);
}
void setKey(Thread &T, const void *Key) {
  __atomic_store_n(&T.WaitKey, Key, __ATOMIC_RELEASE);
}

bool hasPassed(uint64_t Deadline) {
  return Deadline != NoDeadline && Deadline <= timer::now();
}

// B is locked in all of these.
void enqueue(Bucket &B, Thread &T, const void *Key,
             const WaitOptions &Options) {
  T.WaitBits = Options.Bits;
  T.IsInterruptible = Options.Interruptible;
  T.WakeTime = Options.Deadline;
  T.S = Thread::Blocked;
  setKey(T, Key);
  B.push(T);
  if (T.WakeTime != NoDeadline)
    sleepers::add(T);
}

// Returns what is to be told: see scheduler::makeReady.
uint32_t unblock(Bucket &B, Thread &T, WaitResult Result) {
  B.remove(T);
  setKey(T, nullptr);
  if (T.WakeTime != NoDeadline)
    sleepers::remove(T);
  T.Result = Result;
  return scheduler::makeReady(T);
}

// Locks the bucket in which T is, as long as it is in one and that is to be
// had.
Bucket *lockBucketOf(Thread &T, bool Try) {
  while (const void *Key = keyOf(T)) {
    Bucket &B = bucketOf(Key);
    if (!Try)
      B.Lock.acquire();
    else if (!B.Lock.tryAcquire())
      return nullptr;
    if (keyOf(T) == Key)
      return &B;
    B.Lock.release(); // woken or requeued meanwhile
  }
  return nullptr;
}

// After enqueue, with no lock held.
WaitResult block(Thread &T) {
  // Asked when it can already be woken: whoever makes it true then calls
  // interrupt().
  if (T.IsInterruptible && process::interrupted())
    interrupt(T);
  scheduler::schedule();
  return T.Result;
}

} // namespace

bool tryLockWait(Thread &T) { return lockBucketOf(T, true); }

void timeOut(Thread &T) {
  Bucket &B = bucketOf(T.WaitKey);
  uint32_t Cpus = unblock(B, T, WaitResult::TimedOut);
  B.Lock.release();
  scheduler::tell(Cpus);
}

WaitResult wait(const void *Key, cpu::Lock &Held, const WaitOptions &Options) {
  if (hasPassed(Options.Deadline))
    return WaitResult::TimedOut;
  Thread &T = current();
  Bucket &B = bucketOf(Key);
  B.Lock.acquire();
  enqueue(B, T, Key, Options);
  B.Lock.release();
  Held.release();
  WaitResult R = block(T);
  Held.acquire();
  return R;
}

Ticket ticket(const void *Key) {
  return {__atomic_load_n(&bucketOf(Key).Sequence, __ATOMIC_ACQUIRE)};
}

WaitResult wait(const void *Key, Ticket Old, const WaitOptions &Options) {
  if (hasPassed(Options.Deadline))
    return WaitResult::TimedOut;
  cpu::InterruptGuard Guard;
  Thread &T = current();
  Bucket &B = bucketOf(Key);
  B.Lock.acquire();
  bool IsOld = B.Sequence != Old.Sequence;
  if (!IsOld)
    enqueue(B, T, Key, Options);
  B.Lock.release();
  return IsOld ? WaitResult::Changed : block(T);
}

unsigned wake(const void *Key, unsigned Max, uint32_t Bits) {
  Bucket &B = bucketOf(Key);
  uint32_t Cpus = 0;
  unsigned N = 0;
  cpu::InterruptGuard Guard;
  B.Lock.acquire();
  __atomic_store_n(&B.Sequence, B.Sequence + 1, __ATOMIC_RELEASE);
  for (Thread *T = B.First, *Next; T && N != Max; T = Next) {
    Next = T->WaitNext;
    if (T->WaitKey == Key && T->WaitBits & Bits) {
      Cpus |= unblock(B, *T, WaitResult::Woken);
      ++N;
    }
  }
  B.Lock.release();
  scheduler::tell(Cpus);
  return N;
}

unsigned requeue(const void *From, const void *To, unsigned Max) {
  Bucket &A = bucketOf(From), &B = bucketOf(To);
  // Both, in the order of addresses.
  cpu::LockGuard Guard(&A < &B ? A.Lock : B.Lock);
  if (&A != &B)
    (&A < &B ? B.Lock : A.Lock).acquire();
  unsigned N = 0;
  // Within one bucket, those that were moved come after the last.
  const Thread *End = A.Last;
  for (Thread *T = A.First, *Next; T && N != Max; T = Next) {
    Next = T == End ? nullptr : T->WaitNext;
    if (T->WaitKey != From)
      continue;
    A.remove(*T);
    setKey(*T, To);
    B.push(*T);
    ++N;
  }
  if (&A != &B)
    (&A < &B ? B.Lock : A.Lock).release();
  return N;
}

void interrupt(Thread &T) {
  cpu::InterruptGuard Guard;
  if (Bucket *B = lockBucketOf(T, false)) {
    uint32_t Cpus =
        T.IsInterruptible ? unblock(*B, T, WaitResult::Interrupted) : 0;
    B->Lock.release();
    scheduler::tell(Cpus);
  } else if (&T != &current() && __atomic_load_n(&T.OnCpu, __ATOMIC_RELAXED)) {
    smp::sendReschedule(smp::cpu(T.CpuId));
  }
}

} // namespace thread
