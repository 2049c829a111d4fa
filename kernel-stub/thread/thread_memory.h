// The memory of threads: each has a window of addresses with its stack, its TLS
// block, its state and the Thread itself. Of ended threads some windows are
// kept for new ones: to unmap one, all processors have to be asked.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_THREAD_MEMORY_H
#define STUB_THREAD_MEMORY_H

#include "thread/thread.h"

namespace thread_memory {

// A thread with nothing set but its stack, its extended state (allocated, not
// initialized) and room for its TLS block. Null: no memory, or MaxThreads.
Thread *allocate();
void free(Thread &T);

// Whether an address can be that of a Thread that allocate() made. Reads no
// memory.
bool isThread(const Thread *T);

// The thread in whose window an address lies, or null. It need not be there any
// more: a pointer to compare with.
const Thread *threadAt(uint64_t Address);

// Where a thread's TLS block starts, and the bytes of memory in front of it. In
// the modes that share one block with the program, the program's TLS may be
// larger than the kernel's: there is room for that.
void *block(const Thread &T);
extern const uint64_t RoomBelowBlock;

// Maps what is behind the page that the block ends in, up to Size bytes from
// the block's start, at most MaxBlock; once in a thread's life. free() unmaps
// it. False: no memory.
constexpr size_t MaxBlock = 0x30000;
bool extend(Thread &T, size_t Size);

size_t bytesPerThread();
size_t numInUse();
size_t numKept();

} // namespace thread_memory

#endif
