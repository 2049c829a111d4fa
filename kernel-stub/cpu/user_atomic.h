// Atomic access to the program's memory, 32 bits at a time. As with
// copy_user.h, pages are filled on the way: not with a spin lock held.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_USER_ATOMIC_H
#define STUB_USER_ATOMIC_H

#include "segshift/abi.h"
#include <stdint.h>

// user_atomic.S
extern "C" {
int user_load32(uint64_t From, uint32_t *To);
int user_cmpxchg32(uint64_t At, uint32_t *Expected, uint32_t New);
}

namespace user_atomic {

// Aligned, and in the program's half.
inline bool isWord(uint64_t Address) {
  return Address % 4 == 0 && Address < SEGSHIFT_APP_ADDRESS_LIMIT;
}

// False: not a word of the program, or not accessible.
inline bool load(uint64_t From, uint32_t &Value) {
  return isWord(From) && !user_load32(From, &Value);
}

// Replaces what is at At with Change(it). Old: what it was.
template <typename F> bool update(uint64_t At, uint32_t &Old, F Change) {
  if (!load(At, Old))
    return false;
  for (;;) {
    uint32_t Seen = Old;
    if (user_cmpxchg32(At, &Seen, Change(Old)))
      return false;
    if (Seen == Old)
      return true;
    Old = Seen;
  }
}

} // namespace user_atomic

#endif
