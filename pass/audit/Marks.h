//===- Marks.h - notes and marks of an object -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The note and the on-purpose FS marks that the plugin and the rewriter leave
// in an object (docs/abi.md).
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_MARKS_H
#define SEGSHIFT_AUDIT_MARKS_H

#include "../disasm/FSMarks.h"
#include "llvm/ADT/DenseSet.h"
#include <vector>

namespace segshift::audit {

struct Notes {
  unsigned Count = 0;             // notes of this ABI version
  std::vector<uint32_t> Versions; // other versions, one for each note
};
llvm::Expected<Notes> readNotes(const ElfObject &Obj);

/// The on-purpose marks of an object, and which of them were of use.
class Marks {
public:
  explicit Marks(FSMarks All) : All(std::move(All)) {}

  /// Whether FS is on purpose in the instruction at Address.
  bool covers(unsigned Region, uint64_t Address);

  /// Marks in which covers() never found an address.
  std::vector<FSMark> unused() const;

private:
  FSMarks All;
  llvm::DenseSet<const FSMark *> Used;
};

} // namespace segshift::audit
#endif
