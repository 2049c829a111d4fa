// Futexes: threads that wait until another one says that a word of the
// program's memory has changed (futex(2), futex(7)). The word's address is the
// key: there is one address space, so that private and shared are the same. Two
// mappings of one file page are two futexes, though.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_FUTEX_H
#define STUB_FUTEX_H

#include <stdint.h>

namespace futex {

// Results are 0 or a count, or -errno. Address is checked.

// Waits as long as the word is Value. Deadline: timer::now(). Bits: see wake.
// Interrupted: -EINTR.
int64_t wait(uint64_t Address, uint32_t Value, uint32_t Bits,
             uint64_t Deadline);

// Wakes at most Max waiters that have one of Bits.
int64_t wake(uint64_t Address, uint32_t Max, uint32_t Bits = ~0u);

// Wakes, and lets at most MaxRequeue of the others wait for To. If Expected is
// not null, only if the word is *Expected; else -EAGAIN.
int64_t requeue(uint64_t Address, uint32_t MaxWake, uint64_t To,
                uint32_t MaxRequeue, const uint32_t *Expected);

// FUTEX_WAKE_OP: changes the second word by Operation, and wakes there too if
// what it was is as Operation asks for.
int64_t wakeOp(uint64_t Address, uint32_t MaxWake, uint64_t Second,
               uint32_t MaxSecond, uint32_t Operation);

} // namespace futex

#endif
