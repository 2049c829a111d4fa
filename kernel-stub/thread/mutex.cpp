// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread/mutex.h"
#include "thread/thread.h"

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
  bool Wake;
  {
    cpu::LockGuard Guard(Lock);
    Held = false;
    Wake = NumWaiting;
  }
  // Without the lock, which others want now. The mutex may be gone, with who
  // waited for it: then this wakes no one.
  if (Wake)
    thread::wake(this, 1);
}
