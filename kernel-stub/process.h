// The program: one at a time, with any number of threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROCESS_H
#define STUB_PROCESS_H

#include "thread.h"
#include <stddef.h>
#include <stdint.h>

// Linux signal numbers. No signal is delivered: they end the program.
enum Signal : int {
  SIGILL = 4,
  SIGTRAP = 5,
  SIGABRT = 6,
  SIGBUS = 7,
  SIGFPE = 8,
  SIGKILL = 9,
  SIGSEGV = 11,
  SIGCHLD = 17,
  SIGCONT = 18,
  SIGURG = 23,
  SIGWINCH = 28,
};

class Process {
public:
  char Path[256] = "";   // argv[0]
  uint64_t BrkStart = 0; // the heap's: [BrkStart, Brk)
  uint64_t Brk = 0;
  unsigned NumThreads = 0;

  // How it ended; valid once Ending is set. Its threads see Ending when they
  // are about to leave the kernel, and end.
  bool Ending = false;
  int Signal = 0; // 0: by exit
  int Status = 0; // 0 to 255

  // System calls of its ended threads: as counted in Thread, and as counted in
  // the kernel's thread-locals.
  uint64_t NumSyscalls = 0, NumTracedSyscalls = 0;
};

namespace process {

// The running thread's program, or null.
Process *current();

// A list of NUL-terminated strings, one after the other.
struct Strings {
  const char *Data = nullptr;
  size_t Size = 0;

  // The string after S; the first if S is null. Null at the end.
  const char *next(const char *S) const;
};

// Runs a program from the initrd until its last thread has ended, and reports
// how on the control channel.
void run(Strings Arguments, Strings Environment);

// The same for a function of the kernel in the place of a program: in ring 0 it
// may as well lie here. It runs on a program's stack and must end by the exit
// system call. Returns the process as it ended.
Process runFunction(void (*Function)());

// Makes one more thread of the running program, which starts with this frame.
// Null: LastError is set.
Thread *createThread(const Frame &F);

// Ends the running program, with all its threads; the running thread at once.
[[noreturn]] void exitGroup(int Status);
[[noreturn]] void kill(int Signal, const char *Format, ...)
    __attribute__((format(printf, 2, 3)));

// Ends the running thread; if it is the last one, its program with this status.
[[noreturn]] void exitThread(int Status);

// Whether a wait of the running thread is to end early: its program is ending, or
// there is a signal for it. To be asked with what protects the wait, right
// before each thread::wait. The call then returns what it has done so far; or, if
// that is nothing, -ERESTARTSYS (error.h), which becomes EINTR or begins it again.
// In a kernel thread, false.
bool interrupted();

// What is to be done before the running thread goes back to the program. May
// not return.
void leaveKernel();

} // namespace process

#endif
