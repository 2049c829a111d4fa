//===- Writer.h - output files, whole or not at all ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_WRITER_H
#define SEGSHIFT_REWRITE_WRITER_H

#include "Plan.h"
#include "command/Output.h"
#include "llvm/Support/FileSystem.h"

namespace segshift {

/// \p Buffer with \p Edits done; each edit's offset counts from \p Buffer.
std::string applyEdits(llvm::StringRef Buffer, llvm::ArrayRef<Edit> Edits);

/// Writes any number of files: each to a temporary file beside its place, and
/// all moved into place by commit(). When a Writer is destroyed without
/// commit(), no file has changed. Standard output, pipes and devices are
/// written by commit() as well, first of all.
class Writer {
public:
  Writer() = default;
  Writer(const Writer &) = delete;
  ~Writer();

  /// Writes \p Buffer with \p Edits as \p Path. The mode is that of \p Like
  /// (less the umask for a file that is not \p Like itself), and so are the
  /// times of last access and change with \p KeepTimes.
  llvm::Error write(llvm::StringRef Path, llvm::StringRef Buffer,
                    llvm::ArrayRef<Edit> Edits, llvm::StringRef Like,
                    bool KeepTimes);
  llvm::Error commit();

private:
  struct Pending {
    llvm::sys::fs::TempFile Temp;
    std::string Path;
  };
  std::vector<Pending> Files;
  std::vector<std::pair<OutputPlace, std::string>> Streams; // and their bytes
};

} // namespace segshift
#endif
