// The pages behind the program's regions: the lower half of the page tables.
// Called by vm alone, with its mutex held; available and allocate by anyone,
// for memory whose amount the program decides.
//
// A page is the address space's own, and freed with its mapping, or borrowed
// from a file. Where the program has no access (PROT_NONE), the page keeps its
// entry, which is then not present.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_USER_PAGES_H
#define STUB_USER_PAGES_H

#include <stddef.h>
#include <stdint.h>

namespace user_pages {

// Pages that programs do not get, so that what the kernel does for them, and
// starting the next one, goes on.
constexpr size_t Reserve = 64;

// How many a program can have now.
size_t available();

// A zeroed page for a program, or 0.
uint64_t allocate();

// The page at Address, if there is one. Its protection is set anew.
bool refresh(uint64_t Address, uint32_t Protection);

// Puts a page at Address, where none is. False: no memory for a table.
bool add(uint64_t Address, uint64_t Physical, bool Borrowed,
         uint32_t Protection);

// Frees what is in [Start, End).
void remove(uint64_t Start, uint64_t End);

void protect(uint64_t Start, uint64_t End, uint32_t Protection);

// Moves the pages of [From, From + Size) to To, where none are. False: no
// memory for a table; nothing has moved.
bool move(uint64_t From, uint64_t To, uint64_t Size);

bool isPresent(uint64_t Address);
uint64_t count(uint64_t Start, uint64_t End);

} // namespace user_pages

#endif
