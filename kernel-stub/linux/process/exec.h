// Loads a program: its ELF segments and those of its dynamic linker, stack,
// initial TLS. Of scripts ("#!"), the interpreter.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_EXEC_H
#define STUB_EXEC_H

#include "linux/process/process.h"

namespace exec {

class Image;
class Reason;

// A loader that starts programs in the place of this one.
struct ProgramLoader {
  // Puts a program, and T's TLS, where they belong. Rip: where T starts. False:
  // Error was told why; what there is already is freed with the address space
  // and by End.
  bool (*Load)(Process &P, Thread &T, Image &I, uint64_t &Rip, Reason &Error);
  // When P has no threads any more.
  void (*End)(Process &P);
};
// Null: there is none. Set at boot.
extern const ProgramLoader *OtherLoader;

struct Start {
  uint64_t Rip, Rsp;
};

// Fills the program's (empty) address space, sets P's path and T's initial FS.
// False: Error holds the reason, and the address space is to be cleared.
bool load(Process &P, Thread &T, process::Strings Arguments,
          process::Strings Environment, Start &S, char *Error,
          size_t ErrorSize);

} // namespace exec

#endif
