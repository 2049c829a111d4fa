// The program: one at a time, with any number of threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROCESS_H
#define STUB_PROCESS_H

#include "cpu/cpu.h"
#include "linux/process/signal_state.h"
#include "thread/program.h"
#include "thread/thread.h"
#include <stddef.h>
#include <stdint.h>

class FileTable;
namespace app {
struct Program;
}

namespace process {

struct Limit { // struct rlimit64
  uint64_t Soft, Hard;
};
constexpr unsigned NumLimits = 16; // RLIM_NLIMITS

// A list of NUL-terminated strings, one after the other.
struct Strings {
  const char *Data = nullptr;
  size_t Size = 0;

  // The string after S; the first if S is null. Null at the end.
  const char *next(const char *S) const;
};

} // namespace process

class Process {
public:
  char Path[4096] = "";       // of its executable file
  int Id = 0;                 // getpid(2): its first thread's
  FileTable *Files = nullptr; // open_file.h
  process::Strings Arguments, Environment;
  app::Program *App = nullptr; // if the kernel's own loader has started it

  // All that live, linked by NextInProcess; under StateLock.
  Thread *Threads = nullptr;
  unsigned NumThreads = 0;
  unsigned NumStarted = 0; // of them and of those that have ended
  signal::ProcessState Signals;

  // How it ended, in the end. Its threads see Ending when they are about to
  // leave the kernel, and end.
  bool Ending = false;
  int Signal = 0; // 0: by exit
  int Status = 0; // 0 to 255

  // What prctl(2) and prlimit(2) set, and tell: nothing comes of it.
  bool IsDumpable = true, NoNewPrivileges = false;
  process::Limit Limits[process::NumLimits];

  Process();

  uint64_t CpuTime = 0; // of its ended threads, in nanoseconds

  // System calls of its ended threads: as counted in Thread, and as counted in
  // the kernel's thread-locals.
  uint64_t NumSyscalls = 0, NumTracedSyscalls = 0;
};

namespace process {

// Protects the list of threads, their signals, and the way in which a process
// ends. Not in Process, as its last thread needs it when the process has gone.
extern cpu::Lock StateLock;

// The running thread's program, or null.
Process *current();

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
// Lets it run. False: the program is ending; the thread must be discarded.
bool startThread(Thread &T);

// Ends the running program, with all its threads; the running thread at once.
[[noreturn]] void exitGroup(int Status);

// At the end of a call that the program has made without a system call: ends
// the running thread if its program is ending.
void leaveCall();

// Ends the running thread. If each ends so, the first one's status is the
// program's, as on Linux.
[[noreturn]] void exitThread(int Status);

// Nanoseconds that a thread of a program has run, or all of them if Tid is 0.
// 0: there is no such thread.
uint64_t cpuTimeOf(const Process &P, int Tid);
uint64_t cpuTime(int Tid); // of the running one

// Blocks the running thread until interrupted(). False: Deadline came first.
bool sleep(uint64_t Deadline = thread::NoDeadline);

} // namespace process

#endif
