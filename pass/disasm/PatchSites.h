//===- PatchSites.h - labels that tables lead to ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_PATCHSITES_H
#define SEGSHIFT_DISASM_PATCHSITES_H

#include "Elf.h"

namespace segshift {

/// Two addresses of code that stand side by side in a table: an instruction
/// that may be patched or may fault, and where control then goes (tracepoints
/// and static keys by asm goto, exception fix-ups of kernels).
struct PatchSite {
  unsigned Region = 0;
  uint64_t Site = 0, Target = 0;
};

/// All pairs in the data sections of a relocatable object, by target. Many are
/// not what they may be: rows of other tables look the same.
std::vector<PatchSite> readPatchSites(const ElfObject &Obj);

} // namespace segshift
#endif
