// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "user/user_pages.h"
#include "cpu/cpu.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "memory/tlb.h"
#include "user/vm.h"

namespace user_pages {
namespace {

using paging::PageSize;

// In bits that the CPU leaves to software (SDM volume 3, table 5-20).
constexpr uint64_t BorrowedBit = 1 << 9;

// All that decides how a program's page is mapped.
uint64_t flags(uint32_t Protection) {
  if (!Protection)
    return 0;
  // As on Linux for x86, what is writable or executable is readable.
  return paging::Present | paging::User |
         (Protection & vm::Write ? paging::Writable : 0) |
         (Protection & vm::Exec ? 0 : paging::NoExecute);
}

uint64_t withFlags(uint64_t Entry, uint32_t Protection) {
  return (Entry & (paging::AddressMask | BorrowedBit)) | flags(Protection);
}

// Calls Do with each entry that is not empty.
template <typename Function>
void forEach(uint64_t Start, uint64_t End, Function Do) {
  for (uint64_t A = Start; (A = paging::findUsed(A, End)) != End; A += PageSize)
    Do(A, *paging::entry(A, false));
}

} // namespace

size_t available() {
  size_t Free = memory::freePages();
  return Free > Reserve ? Free - Reserve : 0;
}

uint64_t allocate() { return available() ? memory::allocatePage() : 0; }

bool refresh(uint64_t Address, uint32_t Protection) {
  uint64_t *E = paging::entry(Address, false);
  if (!E || !*E)
    return false;
  // The same as before, or present instead of not: other CPUs that have the old
  // one take a fault at most.
  *E = withFlags(*E, Protection);
  cpu::invalidatePage(Address);
  return true;
}

bool add(uint64_t Address, uint64_t Physical, bool Borrowed,
         uint32_t Protection) {
  uint64_t *E = available() ? paging::entry(Address, true) : nullptr;
  if (!E)
    return false;
  // It was empty: no CPU can have it.
  *E = withFlags(Physical | (Borrowed ? BorrowedBit : 0), Protection);
  return true;
}

void remove(uint64_t Start, uint64_t End) {
  // Pages may have other owners only once no CPU reaches them any more.
  constexpr unsigned Batch = 128;
  uint64_t Pages[Batch];
  for (uint64_t A = Start; A != End;) {
    unsigned N = 0;
    uint64_t First = paging::findUsed(A, End), Last = First;
    bool WasPresent = false; // else no processor has anything of it
    for (A = First; A != End && N != Batch; A = paging::findUsed(A, End)) {
      uint64_t &E = *paging::entry(A, false);
      if (!(E & BorrowedBit))
        Pages[N++] = E & paging::AddressMask;
      WasPresent |= E & paging::Present;
      E = 0;
      Last = A += PageSize;
    }
    if (WasPresent)
      tlb::flush(First, Last);
    for (unsigned I = 0; I != N; ++I)
      memory::freePage(Pages[I]);
  }
}

void protect(uint64_t Start, uint64_t End, uint32_t Protection) {
  bool WasPresent = false;
  forEach(Start, End, [&](uint64_t, uint64_t &E) {
    WasPresent |= E & paging::Present;
    E = withFlags(E, Protection);
  });
  if (WasPresent)
    tlb::flush(Start, End);
}

bool move(uint64_t From, uint64_t To, uint64_t Size) {
  bool Ok = true, WasPresent = false;
  // Tables first: what comes then cannot fail.
  forEach(From, From + Size, [&](uint64_t A, uint64_t &E) {
    Ok = Ok && available() && paging::entry(To + (A - From), true);
    WasPresent |= E & paging::Present;
  });
  if (!Ok)
    return false;
  forEach(From, From + Size, [&](uint64_t A, uint64_t &E) {
    *paging::entry(To + (A - From), false) = E;
    E = 0;
  });
  if (WasPresent)
    tlb::flush(From, From + Size);
  return true;
}

bool isPresent(uint64_t Address) {
  uint64_t *E = paging::entry(Address, false);
  return E && *E;
}

uint64_t count(uint64_t Start, uint64_t End) {
  uint64_t N = 0;
  forEach(Start, End, [&](uint64_t, uint64_t &) { ++N; });
  return N;
}

} // namespace user_pages
