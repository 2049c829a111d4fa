// A binary heap: Heap[I]'s children are 2I and 2I+1.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread/sleepers.h"
#include "cpu/cpu.h"

namespace thread {
// wait.cpp: takes the lock of what T waits for, if it is free; and ends the
// wait and releases it.
bool tryLockWait(Thread &T);
void timeOut(Thread &T);
} // namespace thread

namespace sleepers {
namespace {

cpu::Lock Lock;
Thread *Heap[thread::MaxThreads + 1]; // from 1 on
uint32_t Size;
// The first one's time: a look without the lock.
uint64_t Earliest = thread::NoDeadline;

void place(Thread &T, uint32_t I) {
  Heap[I] = &T;
  T.HeapIndex = I;
}

void up(Thread &T, uint32_t I) {
  for (; I > 1 && Heap[I / 2]->WakeTime > T.WakeTime; I /= 2)
    place(*Heap[I / 2], I);
  place(T, I);
}

void down(Thread &T, uint32_t I) {
  for (;;) {
    uint32_t Child = 2 * I;
    if (Child < Size && Heap[Child + 1]->WakeTime < Heap[Child]->WakeTime)
      ++Child;
    if (Child > Size || Heap[Child]->WakeTime >= T.WakeTime)
      return place(T, I);
    place(*Heap[Child], I);
    I = Child;
  }
}

void noteEarliest() {
  __atomic_store_n(&Earliest, Size ? Heap[1]->WakeTime : thread::NoDeadline,
                   __ATOMIC_RELAXED);
}

} // namespace

void add(Thread &T) {
  cpu::LockGuard Guard(Lock);
  up(T, ++Size);
  noteEarliest();
}

void remove(Thread &T) {
  cpu::LockGuard Guard(Lock);
  uint32_t I = T.HeapIndex;
  if (!I)
    return;
  T.HeapIndex = 0;
  Thread &Last = *Heap[Size--];
  if (&Last != &T) {
    if (I > 1 && Heap[I / 2]->WakeTime > Last.WakeTime)
      up(Last, I);
    else
      down(Last, I);
  }
  noteEarliest();
}

void wake(uint64_t Now) {
  while (__atomic_load_n(&Earliest, __ATOMIC_RELAXED) <= Now) {
    Thread *T = nullptr;
    {
      // A thread in the heap is waiting, and does not end while it is there.
      // The lock of what it waits for comes before this one: it can only be
      // tried.
      cpu::LockGuard Guard(Lock);
      if (!Size || Heap[1]->WakeTime > Now)
        return;
      if (thread::tryLockWait(*Heap[1]))
        T = Heap[1];
    }
    if (T)
      thread::timeOut(*T);
    else
      cpu::pause();
  }
}

} // namespace sleepers
