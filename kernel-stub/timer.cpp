// Intel 8254 data sheet (PIT).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "timer.h"
#include "config.h"
#include "cpu.h"
#include "lapic.h"
#include "panic.h"

namespace timer {

uint64_t Ticks;

namespace {

uint64_t StartTsc;
uint64_t NanosecondsPerTsc; // times 2^32
uint64_t Period;            // of the tick, in the local APIC's clock

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

  lapic::init();
  lapic::startCount();
  StartTsc = cpu::readTsc();
  waitForPit();
  uint64_t TscPer10ms = cpu::readTsc() - StartTsc;
  uint64_t LapicPer10ms = lapic::count();
  if (!TscPer10ms || !LapicPer10ms)
    panic("the clocks stand still: TSC %lu, APIC %lu in 10 ms", TscPer10ms,
          LapicPer10ms);
  NanosecondsPerTsc = (10'000'000ull << 32) / TscPer10ms;

  Period = LapicPer10ms * TickMicroseconds / 10'000;
  initCpu();
}

void initCpu() { lapic::startTimer(Period ? Period : 1); }

uint64_t now() {
  return static_cast<unsigned __int128>(cpu::readTsc() - StartTsc) *
             NanosecondsPerTsc >>
         32;
}

} // namespace timer
