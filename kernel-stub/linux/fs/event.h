// Something that threads wait for: bytes in a pipe, room in it. An event has no
// state but a count; what it means is for its owner to say:
//
//   for (;;) {
//     uint64_t Seen = E.count();
//     { take the lock; if there is what is wanted, take it and return; }
//     if (E.wait(Seen, Deadline) != Event::Signalled)
//       return ...;
//   }
//
// Whoever changes what is waited for calls signal() after the change. As
// count() came before the check, no change is missed, whatever locks the check
// takes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_EVENT_H
#define STUB_EVENT_H

#include <stdint.h>

class Event {
public:
  enum Result { Signalled, TimedOut, Interrupted };

  constexpr Event() = default;
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  // Signals so far.
  uint64_t count() const { return __atomic_load_n(&Count, __ATOMIC_SEQ_CST); }
  // Blocks while count() is Seen, until a time (timer::now()) or
  // process::interrupted().
  Result wait(uint64_t Seen, uint64_t Deadline = ~0ull);
  void signal();

private:
  uint64_t Count = 0;
  unsigned NumWaiters = 0;
};

#endif
