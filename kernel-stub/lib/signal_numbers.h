// The numbers by which a program is told what it has done.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SIGNAL_NUMBERS_H
#define STUB_SIGNAL_NUMBERS_H

#include <stdint.h>

// Linux's numbers for x86-64; 32 to 64 are the real-time signals.
enum Signal : int {
  SIGHUP = 1,
  SIGINT = 2,
  SIGQUIT = 3,
  SIGILL = 4,
  SIGTRAP = 5,
  SIGABRT = 6,
  SIGBUS = 7,
  SIGFPE = 8,
  SIGKILL = 9,
  SIGUSR1 = 10,
  SIGSEGV = 11,
  SIGUSR2 = 12,
  SIGPIPE = 13,
  SIGALRM = 14,
  SIGTERM = 15,
  SIGCHLD = 17,
  SIGCONT = 18,
  SIGSTOP = 19,
  SIGTSTP = 20,
  SIGTTIN = 21,
  SIGTTOU = 22,
  SIGURG = 23,
  SIGXCPU = 24,
  SIGVTALRM = 26,
  SIGPROF = 27,
  SIGWINCH = 28,
  SIGSYS = 31,
  SIGRTMIN = 32,
};

namespace signal {

// si_code (sigaction(2)).
enum Code : int32_t {
  SI_TKILL = -6,
  SI_TIMER = -2,
  SI_USER = 0,
  ILL_ILLOPN = 2,
  FPE_INTDIV = 1,
  FPE_FLTDIV = 3,
  FPE_FLTOVF = 4,
  FPE_FLTUND = 5,
  FPE_FLTRES = 6,
  FPE_FLTINV = 7,
  SEGV_MAPERR = 1,
  SEGV_ACCERR = 2,
  BUS_ADRALN = 1,
  BUS_ADRERR = 2,
  TRAP_BRKPT = 1,
  TRAP_TRACE = 2,
  TRAP_HWBKPT = 4,
  SI_KERNEL = 0x80,
};

} // namespace signal

#endif
