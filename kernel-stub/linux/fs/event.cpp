// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/event.h"
#include "thread/thread.h"

Event::Result Event::wait(uint64_t Seen, uint64_t Deadline) {
  thread::WaitOptions Options;
  Options.Deadline = Deadline;
  Options.Interruptible = true;
  // A signal after the check finds NumWaiters set; one before changes the
  // count.
  __atomic_add_fetch(&NumWaiters, 1, __ATOMIC_SEQ_CST);
  Result R = Signalled;
  while (R == Signalled) {
    thread::Ticket T = thread::ticket(this);
    if (count() != Seen)
      break;
    switch (thread::wait(this, T, Options)) {
    case thread::WaitResult::TimedOut:
      R = TimedOut;
      break;
    case thread::WaitResult::Interrupted:
      R = Interrupted;
      break;
    case thread::WaitResult::Woken:
    case thread::WaitResult::Changed:
      break;
    }
  }
  __atomic_sub_fetch(&NumWaiters, 1, __ATOMIC_SEQ_CST);
  return R;
}

void Event::signal() {
  __atomic_add_fetch(&Count, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&NumWaiters, __ATOMIC_SEQ_CST))
    thread::wake(this);
}
