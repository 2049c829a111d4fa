// The page tables: one set, for the kernel and the program, on all processors.
// Four levels, 4 KiB pages (Intel SDM volume 3, chapter 5).
//
// New tables may be made by several processors at once. An entry belongs to
// whoever owns its address: the program's to vm's lock, a kernel block's to who
// has mapped it. An entry that comes to allow less needs tlb::flush.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PAGING_H
#define STUB_PAGING_H

#include <stdint.h>

namespace paging {

constexpr uint64_t PageSize = 4096;

enum Flags : uint64_t {
  Present = 1,
  Writable = 2,
  User = 4,
  Uncached = 0x10,
  Large = 0x80,
  NoExecute = 1ull << 63,
};
constexpr uint64_t AddressMask = 0x000ffffffffff000;

// The map of the first 4 GiB at 0, with which processors start.
void setIdentityMap(bool On);

// The entry for the page at Address; null if there is no table for it, or, with
// Create, no memory for one.
uint64_t *entry(uint64_t Address, bool Create);

// The first page in [Start, End), both multiples of the page size, whose entry
// is not empty; End if there is none. Skips what has no tables in one step
// each.
uint64_t findUsed(uint64_t Start, uint64_t End);

// Maps one page. False: no memory for a table.
bool map(uint64_t Address, uint64_t Physical, uint64_t Flags);

// Gives one page that is mapped a protection key (bits 62:59 of its entry), on
// all processors; splits a 2 MiB page for it. False: it is not mapped, or there
// is no memory for a table.
bool setKey(uint64_t Address, uint64_t Key);

// Removes the mapping of one page, present or not, from all processors. Returns
// the physical address of what it held, or 0 if nothing. For more pages,
// unmapRange.
uint64_t unmap(uint64_t Address);

// Removes the mappings of [Start, End), both multiples of the page size, from
// all processors, and then calls Free for what each entry held, present or not.
// As no one may map something there meanwhile, that is under the lock of its
// owner.
void unmapRange(uint64_t Start, uint64_t End, void (*Free)(uint64_t Physical));

// Frees all pages and tables of the lower half.
void freeLowerHalf();

// Whether reading Address cannot fault. Also sees 2 MiB pages.
bool isMapped(uint64_t Address);

} // namespace paging

#endif
