// The stack with which a program starts: arguments, environment, auxiliary
// vector (psABI 3.4.1, figure 3.9).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INITIAL_STACK_H
#define STUB_INITIAL_STACK_H

#include "linux/process/image.h"
#include "linux/process/process.h"

namespace exec {

// Maps a program's stack: 8 MiB, of which what is touched takes memory; below
// lies nothing. Returns its top, or 0.
uint64_t mapStack(bool Executable = false);

// What the program is told of itself. Interpreter: null if it has none.
struct Description {
  const char *Path;
  const Image &Program;
  const Image *Interpreter;
};

// Maps and fills the stack. Sets Rsp.
bool makeStack(const Description &D, process::Strings Arguments,
               process::Strings Environment, uint64_t &Rsp, Reason Error);

} // namespace exec

#endif
