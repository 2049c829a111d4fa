// 16550 UART, polled. National Semiconductor PC16550D data sheet.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/serial.h"
#include "cpu/cpu.h"

namespace serial {
namespace {

// Registers, as offsets from the port.
constexpr uint16_t DataRegister =
                       0, // divisor latch while LineControl has bit 7
    InterruptEnable = 1, FifoControl = 2, LineControl = 3, ModemControl = 4,
                   LineStatus = 5;
enum : uint8_t { DataReady = 0x01, TransmitEmpty = 0x20 };

void initPort(Port P) {
  cpu::out8(P + InterruptEnable, 0);
  cpu::out8(P + LineControl, 0x80); // divisor latch
  cpu::out8(P + DataRegister, 1);   // 115200 baud
  cpu::out8(P + InterruptEnable, 0);
  cpu::out8(P + LineControl, 0x03); // 8 bits, no parity, 1 stop bit
  // On, with a trigger level of 14 bytes: as many may come at once.
  cpu::out8(P + FifoControl, 0xc1);
  cpu::out8(P + ModemControl, 0x03); // DTR, RTS
}

} // namespace

void init() {
  static constexpr Port Ports[] = {Log, Output, ErrorOutput, Control};
  for (Port P : Ports)
    initPort(P);
}

void write(Port P, const char *Data, size_t Size) {
  for (size_t I = 0; I != Size; ++I) {
    while (!(cpu::in8(P + LineStatus) & TransmitEmpty))
      cpu::pause();
    cpu::out8(P + DataRegister, Data[I]);
  }
}

size_t read(Port P, char *Data, size_t Size) {
  size_t N = 0;
  while (N != Size && (cpu::in8(P + LineStatus) & DataReady))
    Data[N++] = cpu::in8(P + DataRegister);
  return N;
}

} // namespace serial
