// Mutual exclusion between threads, where the holder may be preempted, take
// page faults in the kernel and wait. Not for interrupt handlers: see
// cpu::Lock.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_MUTEX_H
#define STUB_MUTEX_H

#include "cpu/cpu.h"

class Mutex {
public:
  constexpr Mutex() = default;
  Mutex(const Mutex &) = delete;
  Mutex &operator=(const Mutex &) = delete;

  // Not recursive. Interrupts may be on or off before.
  void lock();
  void unlock();

private:
  cpu::Lock Lock; // for these
  bool Held = false;
  unsigned NumWaiting = 0;
};

class MutexGuard {
public:
  explicit MutexGuard(Mutex &M) : M(M) { M.lock(); }
  ~MutexGuard() { M.unlock(); }
  MutexGuard(const MutexGuard &) = delete;
  MutexGuard &operator=(const MutexGuard &) = delete;

private:
  Mutex &M;
};

#endif
