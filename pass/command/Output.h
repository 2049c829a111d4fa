//===- Output.h - where output goes -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the name of an output means: standard output, a pipe or device that is
// written as it is, or a regular file, which is written whole or not at all.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_COMMAND_OUTPUT_H
#define SEGSHIFT_COMMAND_OUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace segshift {

struct OutputPlace {
  enum class Kind { Standard, Stream, File };
  Kind What = Kind::File;
  std::string Path; ///< of a file: behind all symbolic links
};

/// Whether \p Path means standard output: "-", or a name of it in /dev.
bool isStandardOutput(llvm::StringRef Path);

/// What \p Path means as an output. Symbolic links are followed, also where
/// there is nothing yet at their end. Errors: a directory, socket or disk.
llvm::Expected<OutputPlace> resolveOutput(llvm::StringRef Path);

/// Writes standard output, a pipe or a device.
llvm::Error writeStream(const OutputPlace &Place,
                        llvm::function_ref<void(llvm::raw_ostream &)> Write);

/// Writes a text to the place of that name; a regular file whole or not at all.
llvm::Error writeOutput(llvm::StringRef Path,
                        llvm::function_ref<void(llvm::raw_ostream &)> Write);

/// "PATH: WHAT [SEG231]".
llvm::Error outputError(llvm::StringRef Path, const llvm::Twine &What);

} // namespace segshift
#endif
