// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mutex.h"
#include "cpu.h"
#include "thread.h"

void Mutex::lock() {
  cpu::InterruptGuard Guard;
  while (Held) // woken early if the program ends
    thread::wait(this);
  Held = true;
}

void Mutex::unlock() {
  cpu::InterruptGuard Guard;
  Held = false;
  thread::wake(this, 1);
}
