// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/lapic.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "memory/memory.h"

namespace lapic {
namespace {

constexpr uint64_t Address = 0xfee00000;
enum Register : unsigned {
  Id = 0x20,
  EndOfInterrupt = 0xb0,
  SpuriousVector = 0xf0,
  CommandLow = 0x300,
  CommandHigh = 0x310,
  LvtTimer = 0x320,
  LvtLint1 = 0x360,
  InitialCount = 0x380,
  CurrentCount = 0x390,
  DivideConfiguration = 0x3e0,
};
enum : uint32_t {
  Enable = 0x100,
  LvtNmi = 0x400,
  Pending = 0x1000,
  Assert = 0x4000,
  TimerMasked = 0x10000,
  TimerPeriodic = 0x20000,
  DivideBy1 = 0xb,
};

volatile uint32_t &at(Register R) {
  return *static_cast<volatile uint32_t *>(memory::direct(Address + R));
}

} // namespace

void init() {
  at(SpuriousVector) = Enable | VECTOR_SPURIOUS;
  at(DivideConfiguration) = DivideBy1;
  at(LvtLint1) = LvtNmi; // the machine's NMI line
}

uint32_t id() { return at(Id) >> 24; }

void endOfInterrupt() { at(EndOfInterrupt) = 0; }

void startCount() {
  at(LvtTimer) = TimerMasked;
  at(InitialCount) = 0xffffffff;
}
uint32_t count() { return 0xffffffff - at(CurrentCount); }

void startTimer(uint32_t Period) {
  at(LvtTimer) = TimerPeriodic | VECTOR_TIMER;
  at(InitialCount) = Period;
}

void send(uint32_t ApicId, uint32_t What) {
  // Two registers: an interrupt between them must not send as well.
  cpu::InterruptGuard Guard;
  at(CommandHigh) = ApicId << 24;
  at(CommandLow) = What | Assert;
  while (at(CommandLow) & Pending)
    cpu::pause();
}

} // namespace lapic
