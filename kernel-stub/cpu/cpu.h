// Instructions that C++ has no name for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_CPU_H
#define STUB_CPU_H

#include "cpu/frame.h"
#include <stdint.h>

namespace cpu {

inline void out8(uint16_t Port, uint8_t Value) {
  asm volatile("outb %0, %1" : : "a"(Value), "Nd"(Port));
}

inline uint8_t in8(uint16_t Port) {
  uint8_t Value;
  asm volatile("inb %1, %0" : "=a"(Value) : "Nd"(Port));
  return Value;
}

inline uint64_t readFlags() {
  uint64_t Flags;
  asm volatile("pushfq; popq %0" : "=r"(Flags));
  return Flags;
}

inline void enableInterrupts() { asm volatile("sti" : : : "memory"); }
inline void disableInterrupts() { asm volatile("cli" : : : "memory"); }

// Waits for an interrupt. "sti" takes effect after the next instruction, so
// that no interrupt comes in between and is slept over.
inline void waitForInterrupt() { asm volatile("sti; hlt" : : : "memory"); }

inline uint64_t readCr0() {
  uint64_t V;
  asm volatile("movq %%cr0, %0" : "=r"(V));
  return V;
}
inline uint64_t readCr2() {
  uint64_t V;
  asm volatile("movq %%cr2, %0" : "=r"(V));
  return V;
}
inline uint64_t readCr3() {
  uint64_t V;
  asm volatile("movq %%cr3, %0" : "=r"(V));
  return V;
}
inline uint64_t readCr4() {
  uint64_t V;
  asm volatile("movq %%cr4, %0" : "=r"(V));
  return V;
}
inline void writeCr3(uint64_t V) {
  asm volatile("movq %0, %%cr3" : : "r"(V) : "memory");
}
inline void writeCr4(uint64_t V) {
  asm volatile("movq %0, %%cr4" : : "r"(V) : "memory");
}

inline void invalidatePage(uint64_t Address) {
  asm volatile("invlpg (%0)" : : "r"(Address) : "memory");
}

struct CpuidResult {
  uint32_t Eax, Ebx, Ecx, Edx;
};
inline CpuidResult cpuid(uint32_t Leaf, uint32_t Subleaf = 0) {
  CpuidResult R;
  asm volatile("cpuid"
               : "=a"(R.Eax), "=b"(R.Ebx), "=c"(R.Ecx), "=d"(R.Edx)
               : "a"(Leaf), "c"(Subleaf));
  return R;
}

inline uint64_t readTsc() {
  uint32_t Low, High;
  asm volatile("rdtsc" : "=a"(Low), "=d"(High));
  return uint64_t(High) << 32 | Low;
}

inline void pause() { asm volatile("pause"); }

[[noreturn]] inline void halt() {
  for (;;)
    asm volatile("cli; hlt");
}

// Interrupts are off while it lives.
class InterruptGuard {
public:
  InterruptGuard() : Flags(readFlags()) { disableInterrupts(); }
  ~InterruptGuard() {
    if (Flags & FlagsIF)
      enableInterrupts();
  }
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;

private:
  uint64_t Flags;
};

// Mutual exclusion between processors and with interrupts. Hold it shortly:
// interrupts are off meanwhile.
class Lock {
public:
  void acquire() {
    while (!tryAcquire())
      while (__atomic_load_n(&Held, __ATOMIC_RELAXED))
        pause();
  }
  bool tryAcquire() {
    return !__atomic_exchange_n(&Held, true, __ATOMIC_ACQUIRE);
  }
  void release() { __atomic_store_n(&Held, false, __ATOMIC_RELEASE); }

private:
  bool Held = false;
};

class LockGuard {
public:
  explicit LockGuard(Lock &L) : L(L) { L.acquire(); }
  ~LockGuard() { L.release(); }

private:
  InterruptGuard Interrupts; // off before the lock is taken, on after
  Lock &L;
};

} // namespace cpu

#endif
