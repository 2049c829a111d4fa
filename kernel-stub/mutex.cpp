// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mutex.h"
#include "thread.h"

void Mutex::lock() {
  cpu::LockGuard Guard(Lock);
  while (Held) {
    ++NumWaiting;
    thread::wait(this, Lock);
    --NumWaiting;
  }
  Held = true;
}

void Mutex::unlock() {
  cpu::LockGuard Guard(Lock);
  Held = false;
  if (NumWaiting)
    thread::wake(this, 1);
}
