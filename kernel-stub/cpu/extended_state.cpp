// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/extended_state.h"
#include "cpu/cpu.h"
#include "lib/string.h"

namespace extended_state {
namespace {

size_t Size = 512; // FXSAVE
bool HasXsave;
uint64_t XsaveMask;

} // namespace

void find() {
  enum : uint32_t { CpuidXsave = 1 << 26 };
  HasXsave = cpu::cpuid(1).Ecx & CpuidXsave;
  // x87, SSE, AVX and AVX-512.
  if (HasXsave)
    XsaveMask = cpu::cpuid(0xd, 0).Eax & 0xe7;
}

void initCpu() {
  enum : uint64_t { Cr4Osxsave = 1 << 18 };
  if (!HasXsave)
    return;
  cpu::writeCr4(cpu::readCr4() | Cr4Osxsave);
  asm volatile("xsetbv" : : "a"(XsaveMask), "d"(0), "c"(0));
  Size = cpu::cpuid(0xd, 0).Ebx;
}

size_t size() { return Size; }
uint64_t mask() { return XsaveMask; }

void init(void *State) {
  // The state after reset, and what Linux starts programs with: all x87 and SSE
  // exceptions masked. XSTATE_BV 0 says so too for the rest.
  memset(State, 0, Size);
  auto *Words = static_cast<uint16_t *>(State);
  Words[0] = 0x37f;   // FCW
  Words[12] = 0x1f80; // MXCSR
}

void save(void *State) {
  if (HasXsave)
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(State), "a"(uint32_t(XsaveMask)), "d"(0)
                 : "memory");
  else
    asm volatile("fxsave64 (%0)" : : "r"(State) : "memory");
}

void load(const void *State) {
  if (HasXsave)
    asm volatile("xrstor64 (%0)"
                 :
                 : "r"(State), "a"(uint32_t(XsaveMask)), "d"(0)
                 : "memory");
  else
    asm volatile("fxrstor64 (%0)" : : "r"(State) : "memory");
}

} // namespace extended_state
