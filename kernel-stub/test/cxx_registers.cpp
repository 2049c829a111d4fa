// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/timer.h"
#include "test/cxx_tests.h"
#include "test/selftest.h"
#include <stdint.h>

namespace {

constexpr unsigned NumThreads = 4;
uint64_t LastTick;

// Keeps a value of its own in a vector register and in the lowest word of the
// red zone, long enough to be interrupted there. This file is compiled with
// -mno-red-zone: the compiler has nothing of its own below RSP.
void keep(unsigned Index) {
  for (uint64_t Value = Index + 1;
       __atomic_load_n(&timer::Ticks, __ATOMIC_RELAXED) < LastTick;
       Value += NumThreads) {
    uint64_t Vector, RedZone, Count = 1000;
    asm volatile(
        "movq %[Value], %%xmm7\n\t"
        "movq %[Value], -128(%%rsp)\n"
        "1:\n\t"
        "pause\n\t"
        "decq %[Count]\n\t"
        "jnz 1b\n\t"
        "movq %%xmm7, %[Vector]\n\t"
        "movq -128(%%rsp), %[RedZone]"
        : [Vector] "=r"(Vector), [RedZone] "=r"(RedZone), [Count] "+&r"(Count)
        : [Value] "r"(Value)
        : "xmm7", "memory", "cc");
    if (!CHECK(Vector == Value) || !CHECK(RedZone == Value))
      return;
  }
}

} // namespace

int cxx_test::registers() {
  LastTick = timer::Ticks + 25 * NumThreads;
  runThreads(NumThreads, keep);
  return selftest::hasFailed();
}
