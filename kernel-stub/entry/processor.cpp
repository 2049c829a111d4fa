// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry/processor.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "cpu/panic.h"
#include "cpu/smap.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "entry/stress.h"
#include "lib/string.h"
#include "segshift/base.h"
#include "segshift/entry.h"
#include "segshift/tls.h"
#include "tls/tls_guard.h"

// entry_ring0.S, entry_ring3.S, entry_guarded.S
extern "C" const char ring0_vectors[], ring0_syscall_entry[], ring3_vectors[],
    ring3_syscall_entry[], guarded_vectors[], guarded_syscall_entry[];

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
enum : uint8_t {
  InterruptGate = 0x8e,  // present, for ring 0, interrupts off
  ForInt3OfRing3 = 0x60, // INT instructions of ring 3 may use it
};

struct [[gnu::packed]] TablePointer {
  uint16_t Limit;
  uint64_t Base;
};

Gate Idt[256];

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
  C.Tp = segshift_tp();
  C.State.IoMap = sizeof(Tss);
  TablePointer Pointer = {sizeof(C.Gdt) - 1, reinterpret_cast<uint64_t>(C.Gdt)};
  asm volatile("lgdt %0" : : "m"(Pointer));
  asm volatile("ltr %w0" : : "r"(SEL_TSS));
}

struct EntryTable {
  const char *Vectors, *Syscall;
};

EntryTable entryTable() {
#ifdef MODE_HAS_RING3
  if (ProgramsInRing3)
    return {ring3_vectors, ring3_syscall_entry};
#endif
#ifdef MODE_HAS_TLS_GUARD
  if (tls_guard::isOn())
    return {guarded_vectors, guarded_syscall_entry};
#endif
  return {ring0_vectors, ring0_syscall_entry};
}

uint8_t stackOf(unsigned Vector) {
  switch (Vector) {
  case 1:
    return IST_DEBUG;
  case 2:
    return IST_NMI;
  case 8:
    return IST_DOUBLE_FAULT;
  case 18:
    return IST_MACHINE_CHECK;
  default:
    return ProgramsInRing3 ? 0 : IST_COMMON;
  }
}

// Breakpoint and overflow are for programs to raise.
uint8_t typeOf(unsigned Vector) {
  bool ForPrograms = ProgramsInRing3 && (Vector == 3 || Vector == 4);
  return InterruptGate | (ForPrograms ? ForInt3OfRing3 : 0);
}

void initIdt() {
  for (unsigned Vector = 0; Vector != 256; ++Vector) {
    uint64_t Entry = reinterpret_cast<uint64_t>(entryTable().Vectors) +
                     Vector * VectorStubSize;
    Idt[Vector] = {static_cast<uint16_t>(Entry),
                   SEL_KCODE,
                   stackOf(Vector),
                   typeOf(Vector),
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
  // Bits 47:32 are for SYSCALL's CS and SS, 63:48 for SYSRET's.
  segshift_wrmsr(MsrStar, uint64_t(SEL_KCODE) << 32 | uint64_t(SEL_USYSRET | 3)
                                                          << 48);
  segshift_wrmsr(MsrLstar, reinterpret_cast<uint64_t>(entryTable().Syscall));
  segshift_wrmsr(MsrSfmask, SEGSHIFT_SFMASK);
}

// What keeps the kernel and a program in ring 3 apart, beyond page tables: the
// kernel executes (SMEP) and touches (SMAP) no page of the program but on
// purpose, and the program does not learn where the kernel's tables are (UMIP).
enum : uint64_t { Cr4Umip = 1 << 11, Cr4Smep = 1 << 20, Cr4Smap = 1 << 21 };
uint64_t Protections; // bits of CR4

void findProtections() {
  enum : uint32_t { CpuidSmep = 1 << 7, CpuidSmap = 1 << 20, CpuidUmip = 4 };
  if (!ProgramsInRing3 || cpu::cpuid(0).Eax < 7)
    return;
  cpu::CpuidResult R = cpu::cpuid(7);
  Protections = (R.Ebx & CpuidSmep ? Cr4Smep : 0) |
                (R.Ebx & CpuidSmap ? Cr4Smap : 0) |
                (R.Ecx & CpuidUmip ? Cr4Umip : 0);
  if (Protections & Cr4Smap)
    for (const SmapPlace *P = __smap_places_start; P != __smap_places_end;
         ++P) {
      const uint8_t Code[] = {0x0f, 0x01, static_cast<uint8_t>(P->LastByte)};
      memcpy(reinterpret_cast<void *>(P->Address), Code, sizeof(Code));
    }
}

// In ring 0, a program's swapgs must not leave GS at an address that is mapped.
void initUserGs() {
  segshift_write_kernel_gs_base(ProgramsInRing3 ? 0 : 0x5e65dead0000);
}

} // namespace

void init(Cpu &C) {
  initIdt();
  extended_state::find();
  findProtections();
  initCpu(C);
  log("processor: fsgsbase %s, %s, %lu bytes of state",
      segshift_fsgsbase ? "yes" : "no",
      extended_state::mask() ? "xsave" : "fxsave", extended_state::size());
  if (ProgramsInRing3)
    log("programs in ring 3: smep %s, smap %s, umip %s",
        Protections & Cr4Smep ? "yes" : "no",
        Protections & Cr4Smap ? "yes" : "no",
        Protections & Cr4Umip ? "yes" : "no");
}

void initCpu(Cpu &C) {
  mode::initCpu(&C);
  initDescriptors(C);
  loadIdt();
  initSyscall();
  extended_state::initCpu();
  initUserGs();
  cpu::writeCr4(cpu::readCr4() | Protections);
  tls_guard::initCpu();
  stress::initCpu();
}

} // namespace processor
