// Programs that the kernel's own loader starts (loader=kernel), as a unikernel
// does: position-independent objects whose undefined symbols are the kernel's.
// They are of the application's side, compiled without the plugin: their TLS is
// behind FS. Only in kernels with modules, whose loader reads and relocates
// them (module.h), and with programs in ring 0.
//
// A program calls the kernel's functions by plain calls (app_api.h), and each
// of its threads has its TLS behind the kernel's, at one distance (app_tls.h):
// so it reaches the kernel's errno by an initial-exec relocation of its own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_APP_H
#define STUB_APP_H

#include "cpu/cpu.h"
#include "lib/elf.h"
#include "segshift/tls.h"
#include <stddef.h>
#include <stdint.h>

class Process;
struct Thread;

namespace exec {
class Image;
class Reason;
} // namespace exec
namespace module {
struct Error;
}

namespace app {

struct Joinable; // a thread that was not joined yet: app_threads.cpp

struct Program {
  uint64_t Bias; // what is added to its addresses

  // A thread's block and control block, and where they are behind the kernel's;
  // .tdata lies in the program's memory.
  segshift_tls_image Image;
  uint64_t InitialTls, InitialTlsSize;
  struct segshift_tls_layout Block;
  struct segshift_tls_app_layout Both;
  uint64_t Canary, PointerGuard; // the same in all threads, as in Linux
  bool ExecutableStack;          // and those of its threads

  // Absolute addresses; 0: there is none. Main may be e_entry.
  uint64_t Main, Init, Fini;
  uint64_t InitArray, NumInit, FiniArray, NumFini;

  cpu::Lock Lock; // for Threads
  Joinable *Threads;
};

#ifdef MODE_HAS_MODULES

// Whether programs are started so.
bool isWanted();
// At boot. False, after a message: asked for and not to be had.
bool choose();

// Puts a program, and T's TLS, where they belong. Rip: where T starts. False:
// Error was told why; what there is already is freed with the address space and
// by end().
bool load(Process &P, Thread &T, exec::Image &I, uint64_t &Rip,
          exec::Reason &Error);
// When P has no threads any more.
void end(Process &P);

// For the modules' loader: whether such a file is of this side; and the address
// that it shall be at.
bool checkSide(bool HasGsNote, module::Error &E);
uint64_t choosePlace(Program &A, const elf::Plan &P);

// Frees what is known of threads that nobody has joined. app_threads.cpp
void forgetThreads(Program &A);

#else

inline bool isWanted() { return false; }
inline bool load(Process &, Thread &, exec::Image &, uint64_t &,
                 exec::Reason &) {
  return false;
}
inline void end(Process &) {}

#endif

} // namespace app

#endif
