// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "memory/tlb.h"
#include "module/module_object.h"

namespace module {

uint64_t AllocationsLeft = ~0ull;

namespace {

using paging::PageSize;

// One for each module; the last page is never mapped. The page tables stay.
constexpr uint64_t SlotSize = MODULE_SLOT_SIZE;
constexpr int NumSlots = 16;
bool SlotTaken[NumSlots]; // under the loader's mutex

uint64_t slotStart(int Slot) { return MODULE_AREA + Slot * SlotSize; }

bool mayAllocate() {
  if (AllocationsLeft == ~0ull)
    return true;
  if (!AllocationsLeft)
    return false;
  --AllocationsLeft;
  return true;
}

bool mapPage(uint64_t Address, uint32_t Flags) {
  uint64_t Page = mayAllocate() ? memory::allocatePage() : 0;
  if (!Page)
    return false;
  if (paging::map(Address, Page,
                  (Flags & elf::Write ? paging::Writable : 0) |
                      (Flags & elf::Exec ? 0 : paging::NoExecute)))
    return true;
  memory::freePage(Page);
  return false;
}

// Through the direct map: code is never writable.
void copyTo(uint64_t Address, const uint8_t *From, uint64_t Size) {
  while (Size) {
    uint64_t Offset = Address % PageSize;
    uint64_t N = Size < PageSize - Offset ? Size : PageSize - Offset;
    uint64_t Page = *paging::entry(Address, false) & paging::AddressMask;
    memcpy(static_cast<char *>(memory::direct(Page)) + Offset, From, N);
    Address += N;
    From += N;
    Size -= N;
  }
}

} // namespace

void prepareMemory() {
  for (int I = 0; I != NumSlots; ++I)
    paging::entry(slotStart(I), true);
}

void *allocate(size_t Size) {
  return mayAllocate() ? heap::allocate(Size) : nullptr;
}

bool map(Module &M, const elf::Plan &P, Bytes File, Error &E) {
  for (int I = 0; I != NumSlots && M.Slot < 0; ++I)
    if (!SlotTaken[I])
      M.Slot = I;
  if (M.Slot < 0)
    return refuse(E, "there are %d modules, which is the limit", NumSlots);
  SlotTaken[M.Slot] = true;
  M.Base = M.Bias = slotStart(M.Slot) - P.Low;

  for (unsigned I = 0; I != P.NumSegments; ++I) {
    const elf::Segment &S = P.Segments[I];
    uint64_t Start = M.Base + S.VAddr, End = Start + S.MemSize;
    for (uint64_t A = Start & -PageSize; A < End; A += PageSize)
      if (!mapPage(A, S.Flags))
        return refuse(E, "no memory for segment %u", I);
    copyTo(Start, File.Data + S.Offset, S.FileSize);
    M.Segments[M.NumSegments++] = S;
  }
  return true;
}

void unmap(Module &M) {
  if (M.Slot < 0)
    return;
  uint64_t Start = slotStart(M.Slot);
  paging::unmapRange(Start, Start + SlotSize, memory::freePage);
  SlotTaken[M.Slot] = false;
}

void makeReadOnly(uint64_t Start, uint64_t End) {
  if (Start >= End)
    return;
  for (uint64_t A = Start; A != End; A += PageSize)
    *paging::entry(A, false) &= ~static_cast<uint64_t>(paging::Writable);
  tlb::flush(Start, End);
}

} // namespace module
