// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "control.h"
#include "cpu.h"
#include "log.h"
#include "serial.h"

namespace control {

enum : uint16_t { DebugExitPort = 0xf4 };

void send(const char *Format, ...) {
  char Line[256];
  va_list Arguments;
  va_start(Arguments, Format);
  size_t N = formatV(Line, sizeof(Line) - 1, Format, Arguments);
  va_end(Arguments);
  Line[N++] = '\n';
  serial::write(serial::Control, Line, N);
}

void powerOff(unsigned char Code) {
  cpu::out8(DebugExitPort, Code);
  cpu::halt();
}

} // namespace control
