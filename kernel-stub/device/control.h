// What the runner is told (COM4), and the end of a run. One line per event:
//
//   ready       the kernel is up, the first program is next
//   exit N      the program ended by itself; N is 0 to 255
//   signal N    the program was killed by signal N
//   error TEXT  the program could not be started; TEXT says why
//   input       the program waits for standard input: see input.h
//   panic TEXT  the kernel cannot go on; nothing follows
//   done        every program of the initrd has had its line; nothing follows
//
// After "done" and "panic" the kernel ends QEMU through its isa-debug-exit
// device at port 0xf4. A run that ends without either line was cut off.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_CONTROL_H
#define STUB_CONTROL_H

namespace control {

void send(const char *Format, ...) __attribute__((format(printf, 1, 2)));

// Ends QEMU with status Code * 2 + 1, or halts if there is no such device.
[[noreturn]] void powerOff(unsigned char Code);

} // namespace control

#endif
