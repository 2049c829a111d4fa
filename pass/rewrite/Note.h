//===- Note.h - the note of rewritten objects ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_NOTE_H
#define SEGSHIFT_REWRITE_NOTE_H

#include "disasm/Elf.h"

namespace segshift {

/// Appends a section `.note.segshift` to \p Bytes, the content of a relocatable
/// object (docs/abi.md, "The note"). Does nothing when it has one already.
llvm::Error addNote(llvm::StringRef Name, std::string &Bytes);

} // namespace segshift
#endif
