//===- OnPurpose.h - marks of FS uses that are meant -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the sections `segshift_fs` and `segshift_fs64` that the plugin leaves
// (docs/abi.md, "On-purpose FS sites").
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_ONPURPOSE_H
#define SEGSHIFT_REWRITE_ONPURPOSE_H

#include "disasm/Elf.h"

namespace segshift {

class OnPurposeMarks {
public:
  /// Errors: an entry that is cut off, lacks its relocation, or is of a kind
  /// that this version does not know.
  static llvm::Expected<OnPurposeMarks> read(const ElfObject &Obj);

  bool empty() const { return Marks.empty(); }
  /// True when the instruction at \p Address in region \p Region, in a
  /// function that begins at \p FunctionStart, means FS.
  bool covers(unsigned Region, uint64_t Address, uint64_t FunctionStart) const;

private:
  enum Kind : uint32_t { Instruction = 1, AsmBegin = 2, AsmEnd = 3 };
  struct Mark {
    unsigned Region;
    uint64_t Address;
    uint32_t What;
  };
  std::vector<Mark> Marks; // by region, address, kind
};

} // namespace segshift
#endif
