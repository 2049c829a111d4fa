// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory/tlb.h"
#include "cpu/cpu.h"
#include "cpu/smp.h"
#include "memory/paging.h"
#include "segshift/abi.h"

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

bool isIdle(const Cpu &C) {
  return __atomic_load_n(&C.Running, __ATOMIC_RELAXED) == C.Idle;
}

// Whether C can do without a request for what ends at End: it does nothing, so
// that it does not touch the program's half, and flushes all before it does.
bool canWait(Cpu &C, uint64_t End) {
  if (End > SEGSHIFT_APP_ADDRESS_LIMIT || !isIdle(C))
    return false;
  __atomic_store_n(&C.HasMissedFlush, true, __ATOMIC_RELAXED);
  // Against leaveIdle(): either it sees the note, or this sees that it runs.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return isIdle(C);
}

// One request at a time. Who waits for the lock is told by NMI as all others.
cpu::Lock Lock;
uint64_t RequestStart, RequestEnd;

bool isWanted(const Cpu &C) {
  return __atomic_load_n(&C.IsFlushWanted, __ATOMIC_ACQUIRE);
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
  const Cpu &Here = smp::current();
  for (unsigned I = 0; I != N; ++I) {
    Cpu &C = smp::cpu(I);
    if (&C == &Here || canWait(C, End))
      continue;
    __atomic_store_n(&C.IsFlushWanted, true, __ATOMIC_RELEASE);
    smp::sendNmi(C);
  }
  for (unsigned I = 0; I != N; ++I)
    while (isWanted(smp::cpu(I)))
      cpu::pause();
}

void flushAll() { flush(0, -paging::PageSize); }

bool serve(Cpu &C) {
  if (!isWanted(C))
    return false;
  flushHere(RequestStart, RequestEnd);
  ++C.NumShootdowns;
  __atomic_store_n(&C.IsFlushWanted, false, __ATOMIC_RELEASE);
  return true;
}

void leaveIdle(Cpu &C) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&C.HasMissedFlush, __ATOMIC_RELAXED))
    return;
  __atomic_store_n(&C.HasMissedFlush, false, __ATOMIC_RELAXED);
  cpu::writeCr3(cpu::readCr3());
}

} // namespace tlb
