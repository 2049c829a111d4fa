//===- Input.h - files and archive members to rewrite ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_INPUT_H
#define SEGSHIFT_REWRITE_INPUT_H

#include "Plan.h"
#include "llvm/Object/Archive.h"
#include "llvm/Support/MemoryBuffer.h"

namespace segshift {

/// One ELF file: an input of its own, or a member of an archive.
struct Member {
  std::string Name; ///< for messages: "libx.a(y.o)"
  std::string Path; ///< of the file that holds it, for thin archives' members
  /// The member's content, in the input's buffer or, for members of thin
  /// archives, in the archive's.
  llvm::StringRef Bytes;
  uint64_t Offset = 0; ///< of the member in the input's buffer
  bool IsELF = true;   ///< false: copied as it is
  bool IsRelocatable = false;

  llvm::MemoryBufferRef buffer() const { return {Bytes, Name}; }

  // Filled by the driver.
  Plan ThePlan;
  bool IsRead = false; ///< ThePlan is there, or there is no code to plan for
  std::vector<std::string> Errors, Warnings;
  std::string PlanText; ///< printed plan, when asked for
};

struct Input {
  std::string Path;
  std::unique_ptr<llvm::MemoryBuffer> Buffer;
  std::unique_ptr<llvm::object::Archive> TheArchive; ///< null for an ELF file
  std::vector<Member> Members;

  bool isThin() const { return TheArchive && TheArchive->isThin(); }
  /// Opens \p Path. Errors: unreadable, neither ELF nor archive, or an archive
  /// that is malformed or holds compiler bitcode.
  static llvm::Expected<Input> open(llvm::StringRef Path);
  /// The same for bytes in memory; \p Buffer's identifier stands for the path.
  static llvm::Expected<Input>
  parse(std::unique_ptr<llvm::MemoryBuffer> Buffer);
};

} // namespace segshift
#endif
