// SDM volume 3, chapter 11 (local APIC); Intel 8254 data sheet (PIT).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "timer.h"
#include "config.h"
#include "cpu.h"
#include "log.h"
#include "memory.h"
#include "panic.h"

namespace timer {

uint64_t Ticks;

namespace {

constexpr uint64_t LapicAddress = 0xfee00000;
enum LapicRegister : unsigned {
  EndOfInterrupt = 0xb0,
  SpuriousVector = 0xf0,
  LvtTimer = 0x320,
  InitialCount = 0x380,
  CurrentCount = 0x390,
  DivideConfiguration = 0x3e0,
};
enum : uint32_t {
  LapicEnable = 0x100,
  TimerMasked = 0x10000,
  TimerPeriodic = 0x20000,
  DivideBy1 = 0xb,
};

volatile uint32_t &lapic(LapicRegister R) {
  return *static_cast<volatile uint32_t *>(memory::direct(LapicAddress + R));
}

uint64_t StartTsc;
uint64_t NanosecondsPerTsc; // times 2^32

// Waits for PIT channel 2 to count down 1/100 s.
void waitForPit() {
  constexpr unsigned Count = 1193182 / 100;
  cpu::out8(0x61, (cpu::in8(0x61) & ~2) | 1); // gate on, speaker off
  cpu::out8(0x43, 0xb0);                      // channel 2, mode 0
  cpu::out8(0x42, Count & 0xff);
  cpu::out8(0x42, Count >> 8);
  while (!(cpu::in8(0x61) & 0x20))
    cpu::pause();
}

} // namespace

void init(uint64_t TickMicroseconds) {
  // The two PICs are not used: all lines masked.
  cpu::out8(0x21, 0xff);
  cpu::out8(0xa1, 0xff);

  lapic(SpuriousVector) = LapicEnable | VECTOR_SPURIOUS;
  lapic(DivideConfiguration) = DivideBy1;
  lapic(LvtTimer) = TimerMasked;
  lapic(InitialCount) = 0xffffffff;
  StartTsc = cpu::readTsc();
  waitForPit();
  uint64_t TscPer10ms = cpu::readTsc() - StartTsc;
  uint64_t LapicPer10ms = 0xffffffff - lapic(CurrentCount);
  if (!TscPer10ms || !LapicPer10ms)
    panic("the clocks stand still: TSC %lu, APIC %lu in 10 ms", TscPer10ms,
          LapicPer10ms);
  NanosecondsPerTsc = (10'000'000ull << 32) / TscPer10ms;

  uint64_t Period = LapicPer10ms * TickMicroseconds / 10'000;
  lapic(LvtTimer) = TimerPeriodic | VECTOR_TIMER;
  lapic(InitialCount) = Period ? Period : 1;
}

void acknowledge() { lapic(EndOfInterrupt) = 0; }

uint64_t now() {
  return static_cast<unsigned __int128>(cpu::readTsc() - StartTsc) *
             NanosecondsPerTsc >>
         32;
}

} // namespace timer
