// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/control.h"
#include "cpu/cpu.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "device/serial.h"

namespace control {

enum : uint16_t { DebugExitPort = 0xf4 };

void send(const char *Format, ...) {
  char Line[256];
  va_list Arguments;
  va_start(Arguments, Format);
  size_t N = formatV(Line, sizeof(Line) - 1, Format, Arguments);
  va_end(Arguments);
  Line[N++] = '\n';
  // A line comes out whole, unless its writer was halted in the middle of it.
  cpu::InterruptGuard Guard;
  static cpu::Lock Lock;
  bool HasLock = false;
  for (unsigned I = 0; I != 10'000'000 && !HasLock; ++I)
    if (!(HasLock = Lock.tryAcquire()))
      cpu::pause();
  serial::write(serial::Control, Line, N);
  if (HasLock)
    Lock.release();
}

void powerOff(unsigned char Code) {
  cpu::out8(DebugExitPort, Code);
  // Still here.
  smp::stopOthers();
  cpu::halt();
}

} // namespace control
