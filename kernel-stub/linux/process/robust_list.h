// The list of robust mutexes that a thread holds, in the program's memory
// (set_robust_list(2); Documentation/locking/robust-futex-ABI of Linux).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_ROBUST_LIST_H
#define STUB_ROBUST_LIST_H

#include <stdint.h>

namespace robust_list {

constexpr uint64_t HeadSize = 24;

// At the end of the running thread: marks each mutex of the list that it still
// holds with FUTEX_OWNER_DIED, and wakes one waiter. The list may hold
// anything: it is left where it cannot be read, and after as many mutexes as
// Linux looks at.
void release(uint64_t Head);

} // namespace robust_list

#endif
