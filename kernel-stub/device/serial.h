// The four serial ports of a PC, polled. The protocol between the stub and
// whoever runs it (qemu/run.py):
//
//   port  I/O    carries
//   COM1  0x3f8  the kernel log
//   COM2  0x2f8  the program's standard output, and input: see input.h
//   COM3  0x3e8  the program's standard error
//   COM4  0x2e8  control: one line per event, see control.h
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SERIAL_H
#define STUB_SERIAL_H

#include <stddef.h>
#include <stdint.h>

namespace serial {

enum Port : uint16_t {
  Log = 0x3f8,
  Output = 0x2f8,
  ErrorOutput = 0x3e8,
  Control = 0x2e8,
};

// Sets all four ports to 115200 8N1, FIFOs on, interrupts off.
void init();

void write(Port P, const char *Data, size_t Size);

// Reads what has arrived, at most Size bytes, without waiting. Returns bytes.
size_t read(Port P, char *Data, size_t Size);

} // namespace serial

#endif
