//===- main.cpp - the segshift command -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "command/Command.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

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
    "  Exit status: 0 done, nothing found; 1 findings, an overlap, or FS uses\n"
    "  that are refused; 2 bad usage, or something could not be read or "
    "written.\n";

/// Runs at exit, also after --help: LLVM's own stream would abort.
static void finishOutput() {
  if (Error E = segshift::flushOutput()) {
    segshift::error(std::move(E));
    std::_Exit(segshift::Failed);
  }
}

/// What LLVM's parser says, in our form and without the path of this program.
static void complain(StringRef Program, StringRef Command, StringRef Said) {
  SmallVector<StringRef, 4> Lines;
  Said.split(Lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef Line : Lines) {
    Line.consume_front(Program);
    Line.consume_front(": ");
    if (Line.starts_with("Must specify"))
      continue;
    if (Line.starts_with("Not enough positional"))
      Line = "no file is given";
    segshift::error(Line.split(".  Try:").first + "; see " + Command +
                    " --help");
  }
}

int main(int Argc, char **Argv) {
  // Else a file that is opened could become standard output.
  (void)sys::Process::FixupStandardFileDescriptors();
  InitLLVM X(Argc, Argv);
  outs();
  errs();
  std::atexit(finishOutput); // before the streams' destructors
  cl::SetVersionPrinter([](raw_ostream &OS) {
    OS << "segshift " SEGSHIFT_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  });
  // libLLVM registers its code generators' options at the top level.
  static cl::OptionCategory None("segshift options");
  cl::HideUnrelatedOptions(None);

  std::string Command = "segshift";
#define SUBCOMMAND(FUNCTION, OBJECT)                                           \
  if (Argc > 1 && segshift::OBJECT.getName() == Argv[1])                       \
    Command += " " + segshift::OBJECT.getName().str();
#include "Subcommands.def"
  segshift::setCommandName(Command);
  std::string Said;
  raw_string_ostream Errors(Said);
  if (!cl::ParseCommandLineOptions(Argc, Argv, Overview, &Errors)) {
    complain(sys::path::filename(Argv[0]), Command, Said);
    return segshift::Failed;
  }

#define SUBCOMMAND(FUNCTION, OBJECT)                                           \
  if (segshift::OBJECT)                                                        \
    return segshift::FUNCTION();
#include "Subcommands.def"
  segshift::error("no command is given; see segshift --help");
  return segshift::Failed;
}
