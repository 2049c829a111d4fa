// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tlb.h"
#include "cpu.h"
#include "paging.h"
#include "smp.h"

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

// One request at a time. Who waits for the lock is told by NMI as all others.
cpu::Lock Lock;
uint64_t RequestStart, RequestEnd;
uint64_t Request; // counts them

uint64_t served(const Cpu &C) {
  return __atomic_load_n(&C.Flushed, __ATOMIC_ACQUIRE);
}

} // namespace

void flush(uint64_t Start, uint64_t End) {
  unsigned N = smp::numCpus();
  if (N == 1)
    return flushHere(Start, End);
  cpu::LockGuard Guard(Lock);
  flushHere(Start, End);
  RequestStart = Start;
  RequestEnd = End;
  __atomic_store_n(&Request, Request + 1, __ATOMIC_RELEASE);
  Cpu &Here = smp::current();
  Here.Flushed = Request;
  for (unsigned I = 0; I != N; ++I)
    if (I != Here.Id)
      smp::sendNmi(smp::cpu(I));
  for (unsigned I = 0; I != N; ++I)
    while (served(smp::cpu(I)) != Request)
      cpu::pause();
}

void flushAll() { flush(0, -paging::PageSize); }

bool serve(Cpu &C) {
  uint64_t Number = __atomic_load_n(&Request, __ATOMIC_ACQUIRE);
  if (Number == C.Flushed)
    return false;
  flushHere(RequestStart, RequestEnd);
  ++C.NumShootdowns;
  __atomic_store_n(&C.Flushed, Number, __ATOMIC_RELEASE);
  return true;
}

} // namespace tlb
