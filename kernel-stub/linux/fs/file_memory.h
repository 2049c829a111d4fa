// Memory for files: at most half of all, so that what a program writes does not
// take what it runs in.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_FILE_MEMORY_H
#define STUB_FILE_MEMORY_H

#include "memory/memory.h"

namespace fileMemory {

// Sets the limit, from the memory that is free now.
void init();

// A zeroed page's physical address, or 0: the limit is reached, or no memory.
uint64_t allocate();
void free(uint64_t Physical);

// Counts what files take of the heap. False: the limit is reached.
bool charge(uint64_t Bytes);
void refund(uint64_t Bytes);

// What a member of a directory takes at least, with its file, in bytes.
constexpr uint64_t LeastPerFile = 640;

uint64_t limit(); // pages
uint64_t used();

} // namespace fileMemory

#endif
