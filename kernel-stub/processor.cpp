// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "processor.h"
#include "config.h"
#include "cpu.h"
#include "log.h"
#include "panic.h"
#include "segshift/base.h"
#include "smp.h"
#include "string.h"

extern "C" const char vector_stubs[], syscall_entry[];

namespace processor {
namespace {

constexpr unsigned VectorStubSize = 16;

// Interrupt gate (SDM volume 3, 6.14.1).
struct Gate {
  uint16_t Offset0;
  uint16_t Selector;
  uint8_t Ist;
  uint8_t Type;
  uint16_t Offset16;
  uint32_t Offset32;
  uint32_t Reserved;
};
static_assert(sizeof(Gate) == 16);
constexpr uint8_t InterruptGate = 0x8e; // present, ring 0, interrupts off

struct [[gnu::packed]] TablePointer {
  uint16_t Limit;
  uint64_t Base;
};

Gate Idt[256];
size_t StateSize = 512; // FXSAVE
bool HasXsave;
uint64_t XsaveMask;

enum : uint32_t {
  MsrStar = 0xc0000081,
  MsrLstar = 0xc0000082,
  MsrSfmask = 0xc0000084,
};

void initDescriptors(Cpu &C) {
  uint64_t Base = reinterpret_cast<uint64_t>(&C.State);
  // Selectors: config.h. Same kernel segments as in boot.S, so that nothing
  // needs to be reloaded; above all not GS.
  const uint64_t Table[] = {
      0,
      0x00af9b000000ffff, // code, ring 0
      0x00cf93000000ffff, // data, ring 0
      0,
      0x00cff3000000ffff, // data, ring 3
      0x00affb000000ffff, // code, ring 3
      (sizeof(Tss) - 1) | (Base & 0xffffff) << 16 | 0x89ull << 40 |
          (Base >> 24 & 0xff) << 56,
      Base >> 32,
  };
  static_assert(sizeof(Table) == sizeof(C.Gdt));
  memcpy(C.Gdt, Table, sizeof(Table));
  for (unsigned I = 0; I != NUM_ISTS; ++I) {
    // Above each stack, where a paranoid entry finds the thread pointer; 16
    // bytes, for alignment.
    auto *Top = reinterpret_cast<void **>(C.InterruptStacks +
                                          (I + 1) * KSTACK_SIZE - 16);
    *Top = &C.Tp;
    C.State.Ist[I] = reinterpret_cast<uint64_t>(Top);
  }
  C.State.IoMap = sizeof(Tss);
  TablePointer Pointer = {sizeof(C.Gdt) - 1, reinterpret_cast<uint64_t>(C.Gdt)};
  asm volatile("lgdt %0" : : "m"(Pointer));
  asm volatile("ltr %w0" : : "r"(SEL_TSS));
}

uint8_t stackOf(unsigned Vector) {
  switch (Vector) {
  case 2:
    return IST_NMI;
  case 8:
    return IST_DOUBLE_FAULT;
  case 18:
    return IST_MACHINE_CHECK;
  default:
    return IST_COMMON;
  }
}

void initIdt() {
  for (unsigned Vector = 0; Vector != 256; ++Vector) {
    uint64_t Entry =
        reinterpret_cast<uint64_t>(vector_stubs) + Vector * VectorStubSize;
    Idt[Vector] = {static_cast<uint16_t>(Entry),
                   SEL_KCODE,
                   stackOf(Vector),
                   InterruptGate,
                   static_cast<uint16_t>(Entry >> 16),
                   static_cast<uint32_t>(Entry >> 32),
                   0};
  }
}

void loadIdt() {
  TablePointer Pointer = {sizeof(Idt) - 1, reinterpret_cast<uint64_t>(Idt)};
  asm volatile("lidt %0" : : "m"(Pointer));
}

void initSyscall() {
  // SYSCALL loads CS and SS from bits 47:32. The program runs in ring 0, with
  // these same selectors; 63:48 would be SYSRET's.
  segshift_wrmsr(MsrStar, uint64_t(SEL_KCODE) << 32);
  segshift_wrmsr(MsrLstar, reinterpret_cast<uint64_t>(syscall_entry));
  // Cleared on entry: TF, IF, DF, NT, AC.
  segshift_wrmsr(MsrSfmask, 0x100 | FlagsIF | 0x400 | 0x4000 | 0x40000);
}

// What there is of extended state. All processors have the same.
void findExtended() {
  enum : uint32_t { CpuidXsave = 1 << 26 };
  HasXsave = cpu::cpuid(1).Ecx & CpuidXsave;
  // x87, SSE, AVX and AVX-512.
  if (HasXsave)
    XsaveMask = cpu::cpuid(0xd, 0).Eax & 0xe7;
}

void initExtended() {
  enum : uint64_t { Cr4Osxsave = 1 << 18 };
  if (!HasXsave)
    return;
  cpu::writeCr4(cpu::readCr4() | Cr4Osxsave);
  asm volatile("xsetbv" : : "a"(XsaveMask), "d"(0), "c"(0));
  StateSize = cpu::cpuid(0xd, 0).Ebx;
}

} // namespace

void init(Cpu &C) {
  initIdt();
  findExtended();
  initCpu(C);
  log("processor: fsgsbase %s, %s, %lu bytes of state",
      segshift_fsgsbase ? "yes" : "no", HasXsave ? "xsave" : "fxsave",
      StateSize);
}

void initCpu(Cpu &C) {
  initDescriptors(C);
  loadIdt();
  initSyscall();
  initExtended();
}

size_t extendedStateSize() { return StateSize; }

void initExtendedState(void *State) {
  // The state after reset, and what Linux starts programs with: all x87 and SSE
  // exceptions masked. XSTATE_BV 0 says so too for the rest.
  memset(State, 0, StateSize);
  auto *Words = static_cast<uint16_t *>(State);
  Words[0] = 0x37f;   // FCW
  Words[12] = 0x1f80; // MXCSR
}

void saveExtendedState(void *State) {
  if (HasXsave)
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(State), "a"(uint32_t(XsaveMask)), "d"(0)
                 : "memory");
  else
    asm volatile("fxsave64 (%0)" : : "r"(State) : "memory");
}

void loadExtendedState(const void *State) {
  if (HasXsave)
    asm volatile("xrstor64 (%0)"
                 :
                 : "r"(State), "a"(uint32_t(XsaveMask)), "d"(0)
                 : "memory");
  else
    asm volatile("fxrstor64 (%0)" : : "r"(State) : "memory");
}

} // namespace processor
