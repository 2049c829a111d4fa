// Intel 8254 data sheet (PIT).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/timer.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "device/lapic.h"

namespace timer {

uint64_t Ticks;

namespace {

uint64_t StartTsc;
uint64_t NanosecondsPerTsc; // times 2^32
uint64_t Period;            // of the tick, in the local APIC's clock

// What the TSC and the local APIC count in 1/100 s, by PIT channel 2.
struct Counts {
  uint64_t Tsc, Lapic;
  uint64_t Unsure; // of Tsc, what lies around the start and the end
};

Counts measure() {
  constexpr unsigned Count = 1193182 / 100;
  cpu::out8(0x61, (cpu::in8(0x61) & ~2) | 1); // gate on, speaker off
  cpu::out8(0x43, 0xb0);                      // channel 2, mode 0
  cpu::out8(0x42, Count & 0xff);
  lapic::startCount();
  uint64_t Start = cpu::readTsc();
  cpu::out8(0x42, Count >> 8);
  uint64_t Started = cpu::readTsc(), Running = Started, Tsc = Started;
  while (!(cpu::in8(0x61) & 0x20)) {
    cpu::pause();
    Running = Tsc;
    Tsc = cpu::readTsc();
  }
  uint64_t Lapic = lapic::count(), End = cpu::readTsc();
  return {End - Start, Lapic, Started - Start + End - Running};
}

// A virtual processor that its host does not let run at the start or the end of
// the time counts too much: then once more.
Counts measureWell() {
  Counts Best = measure();
  for (unsigned I = 0; I != 10 && Best.Unsure > Best.Tsc / 64; ++I)
    if (Counts C = measure(); C.Unsure < Best.Unsure)
      Best = C;
  return Best;
}

} // namespace

void init(uint64_t TickMicroseconds) {
  // The two PICs are not used: all lines masked.
  cpu::out8(0x21, 0xff);
  cpu::out8(0xa1, 0xff);

  lapic::init();
  StartTsc = cpu::readTsc();
  auto [TscPer10ms, LapicPer10ms, Unsure] = measureWell();
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
