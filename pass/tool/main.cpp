//===- main.cpp - the segshift command -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace segshift {
#define SUBCOMMAND(FUNCTION, OBJECT)                                           \
  extern cl::SubCommand OBJECT;                                                \
  int FUNCTION();
#include "Subcommands.def"
} // namespace segshift

static const char Overview[] =
    "segshift - moves kernel thread-local storage from %fs to %gs\n\n"
    "  segshift COMMAND --help lists the options of one command.\n"
    "  Exit status: 0 success, 1 failure or findings, 2 bad usage.\n";

int main(int Argc, char **Argv) {
  InitLLVM X(Argc, Argv);
  cl::SetVersionPrinter([](raw_ostream &OS) {
    OS << "segshift " SEGSHIFT_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  });
  // libLLVM registers its code generators' options at the top level.
  static cl::OptionCategory None("segshift options");
  cl::HideUnrelatedOptions(None);
  if (!cl::ParseCommandLineOptions(Argc, Argv, Overview, &errs()))
    return 2;

#define SUBCOMMAND(FUNCTION, OBJECT)                                           \
  if (segshift::OBJECT)                                                        \
    return segshift::FUNCTION();
#include "Subcommands.def"
  errs() << "segshift: no command; see segshift --help\n";
  return 2;
}
