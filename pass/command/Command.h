//===- Command.h - what all subcommands do alike ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exit statuses, messages and option values of the subcommands.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_COMMAND_COMMAND_H
#define SEGSHIFT_COMMAND_COMMAND_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <utility>
#include <vector>

namespace segshift {

/// The exit status, the same in all subcommands.
enum ExitStatus : int {
  Done = 0,
  Found = 1, ///< all was read, and there is what the command looks for:
             ///< findings, an overlap, an FS use that is refused
  Failed = 2 ///< bad usage, or something could not be read, done or written
};

/// The name that starts each message: "segshift rewrite".
void setCommandName(const llvm::Twine &Name);
/// "segshift rewrite: error: MESSAGE" on standard error.
void error(const llvm::Twine &Message);
void error(llvm::Error E);
void warning(const llvm::Twine &Message);

/// Flushes standard output. An error when it did not take all.
llvm::Error flushOutput();

/// First and last of a range of offsets.
using OffsetRange = std::pair<int64_t, int64_t>;

/// The value of --tcb-offsets: 'all', or offsets and ranges of them as in
/// 0x18,0x40-0x7f.
llvm::Expected<std::vector<OffsetRange>> parseTcbOffsets(llvm::StringRef Text);

} // namespace segshift
#endif
