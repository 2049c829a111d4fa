// What the kernel asks of the room that runs programs on it: linux/process and
// linux/signal define these; the core has them for its built-in program. They
// are declared here so that the rooms below need not know which.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROGRAM_H
#define STUB_PROGRAM_H

#include "cpu/frame.h"
#include "lib/signal_numbers.h"
#include <stdint.h>

class Process;
struct Thread;

namespace process {

// Whether a wait of the running thread is to end early: its program is ending,
// or there is a signal for it. To be asked with what protects the wait, right
// before each thread::wait. The call then returns what it has done so far; or,
// if that is nothing, -ERESTARTSYS (error.h), which becomes EINTR or begins it
// again. In a kernel thread, false.
bool interrupted();
// The first of these two: what takes long without a wait asks before each
// piece.
bool isEnding();

// Ends the running program, with all its threads; the running thread at once.
[[noreturn]] void kill(int Signal, const char *Format, ...)
    __attribute__((format(printf, 2, 3)));

// The same from anywhere, as by kill(2): the threads end when they leave the
// kernel.
void endBySignal(Process &P, int Signal);

// What is to be done before the running thread goes back to the program. May
// not return.
void leaveKernel();

// At each timer interrupt.
void tick();

} // namespace process

namespace syscall {

// Of a system call, for the log.
const char *name(uint64_t Number);

} // namespace syscall

namespace signal {

// A fault of the running thread, in the program: the handler is to run at once.
// A program without handler, or that blocks the signal, is killed, with the
// text as the reason in the log.
struct Fault {
  int Signal;
  int32_t Code;
  uint64_t Address; // si_addr
};
void fault(const Frame &F, const Fault &What, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));

} // namespace signal

#endif
