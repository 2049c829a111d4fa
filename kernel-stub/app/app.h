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
#include "module/module.h"
#include "segshift/tls.h"
#include <stddef.h>
#include <stdint.h>

namespace app {

struct Joinable; // a thread that was not joined yet: app_threads.cpp

struct Program final : module::Program {
  bool checkSide(bool HasGsNote, module::Error &E) override;
  uint64_t choosePlace(const elf::Plan &P) override;
  bool chooseTls(const elf::Tls &Tls, module::Error &E) override;
  uint64_t ownPlace() const override;
  uint64_t kernelPlace() const override;
  const module::Export *find(const char *Name) const override;
  bool takeOver(const module::Module &M, module::Error &E) override;

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

// At boot: makes exec use this loader if the command line says so. False, after
// a message: asked for and not to be had.
bool choose();

// Frees what is known of threads that nobody has joined. app_threads.cpp
void forgetThreads(Program &A);

} // namespace app

#endif
