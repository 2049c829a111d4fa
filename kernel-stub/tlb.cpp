// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tlb.h"
#include "cpu.h"
#include "paging.h"

namespace tlb {
namespace {

// Above this, everything is as cheap.
constexpr uint64_t MaxSinglePages = 32;

void flushHere(uint64_t Start, uint64_t End) {
  if (End - Start > MaxSinglePages * paging::PageSize)
    return cpu::writeCr3(cpu::readCr3());
  for (; Start != End; Start += paging::PageSize)
    cpu::invalidatePage(Start);
}

} // namespace

void flush(uint64_t Start, uint64_t End) { flushHere(Start, End); }
void flushAll() { flush(0, ~0ull & -paging::PageSize); }

} // namespace tlb
