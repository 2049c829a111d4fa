// Pipes, event counters: files in no directory. See pipe(7), eventfd(2).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PIPE_H
#define STUB_PIPE_H

#include "linux/fs/file.h"

namespace file {

// With no end open yet: opened() opens one. Null: no memory.
Node *makePipe();

// Semaphore: EFD_SEMAPHORE.
Node *makeEventCounter(uint64_t Count, bool Semaphore);

} // namespace file

#endif
