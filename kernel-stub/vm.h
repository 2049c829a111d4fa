// The program's address space: regions of the lower half, filled with zeroed
// pages when they are first touched. One program at a time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_VM_H
#define STUB_VM_H

#include "segshift/abi.h"
#include <stddef.h>
#include <stdint.h>

namespace vm {

// What programs may use. The lowest pages stay unmapped, to catch null
// pointers.
constexpr uint64_t Low = 0x10000, High = SEGSHIFT_APP_ADDRESS_LIMIT;
// mapAnywhere looks below this; the stack is above.
constexpr uint64_t MmapTop = 0x7fff00000000;

enum Protection : uint32_t { Read = 1, Write = 2, Exec = 4 }; // PROT_*

// In these, Start and Size are multiples of the page size. False: LastError is
// set.
bool map(uint64_t Start, uint64_t Size, uint32_t Protection); // replaces
bool mapNew(uint64_t Start, uint64_t Size, uint32_t Protection); // or EEXIST
// In the highest free range below MmapTop. Returns its address, or 0.
uint64_t mapAnywhere(uint64_t Size, uint32_t Protection);
bool unmap(uint64_t Start, uint64_t Size);
bool protect(uint64_t Start, uint64_t Size, uint32_t Protection);

// Frees the pages; the next access finds zeroed ones.
bool discard(uint64_t Start, uint64_t Size);

// Removes everything, for the next program.
void clear();

enum class Fault { Resolved, NotMapped, NotAllowed, NoMemory };
// A page fault at Address, with the CPU's error code.
Fault handleFault(uint64_t Address, uint64_t Error);

} // namespace vm

#endif
