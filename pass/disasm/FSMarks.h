//===- FSMarks.h - FS uses that an object marks as meant -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the sections `segshift_fs` and `segshift_fs64` that the plugin leaves
// (docs/abi.md, "On-purpose FS sites").
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_FSMARKS_H
#define SEGSHIFT_DISASM_FSMARKS_H

#include "Elf.h"

namespace segshift {

/// Code whose FS uses are on purpose: [Begin, End) in Region of the object.
struct FSMark {
  unsigned Region;
  uint64_t Begin, End;
};

class FSMarks {
public:
  /// Errors: a pair that is cut off, torn over two regions, or backwards, or a
  /// distance in an object that lacks its relocation. Marks of code that a
  /// linker discarded are left out.
  static llvm::Expected<FSMarks> read(const ElfObject &Obj);

  /// Sorted by region and address.
  llvm::ArrayRef<FSMark> marks() const { return Marks; }

  /// The mark that covers an instruction, or null.
  const FSMark *find(unsigned Region, uint64_t Address) const;

private:
  std::vector<FSMark> Marks;
};

} // namespace segshift
#endif
