//===- Input.h - the files that a subcommand reads --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is an ELF file, or an archive of them.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_COMMAND_INPUT_H
#define SEGSHIFT_COMMAND_INPUT_H

#include "llvm/Object/Archive.h"
#include "llvm/Support/MemoryBuffer.h"
#include <string>
#include <vector>

namespace segshift {

/// One ELF file: an input of its own, or a member of an archive.
struct Member {
  enum class Content {
    ELF,
    Other,     ///< not known to hold code: text, an index
    Unreadable ///< a linker would take it, but it is not read here
  };

  std::string Name; ///< for messages: "libx.a(y.o)"
  std::string Path; ///< of the file that holds it, for thin archives' members
  /// The member's content, in the input's buffer or, for members of thin
  /// archives, in the archive's.
  llvm::StringRef Bytes;
  uint64_t Offset = 0; ///< of the member in the input's buffer
  Content What = Content::ELF;
  /// Of what is not ELF: a warning (Other) or an error (Unreadable).
  std::string Problem;

  bool isELF() const { return What == Content::ELF; }
  llvm::MemoryBufferRef buffer() const { return {Bytes, Name}; }
};

struct Input {
  std::string Path;
  std::unique_ptr<llvm::MemoryBuffer> Buffer;
  std::unique_ptr<llvm::object::Archive> TheArchive; ///< null for an ELF file
  std::vector<Member> Members;

  bool isThin() const { return TheArchive && TheArchive->isThin(); }
  /// Opens \p Path. Errors: not readable, neither ELF nor archive, or a damaged
  /// archive. What is wrong with one member of many is in its Problem.
  static llvm::Expected<Input> open(llvm::StringRef Path);
  /// The same for bytes in memory; \p Buffer's identifier stands for the path.
  static llvm::Expected<Input>
  parse(std::unique_ptr<llvm::MemoryBuffer> Buffer);
};

/// Reads a file that an option names and a person wrote, such as an allow file.
/// It may be a pipe.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readText(llvm::StringRef Path);

} // namespace segshift
#endif
