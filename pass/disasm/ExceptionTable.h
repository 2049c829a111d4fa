//===- ExceptionTable.h - what enters landing pads -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_EXCEPTIONTABLE_H
#define SEGSHIFT_DISASM_EXCEPTIONTABLE_H

#include "Elf.h"

namespace segshift {

/// A row of a call-site table: an exception out of a call in Begin .. End goes
/// on at Pad. Addresses in the region.
struct CallSite {
  unsigned Region = 0;
  uint64_t Begin = 0, End = 0, Pad = 0;
};

/// The call sites with a landing pad of all functions in the file, in order of
/// pads, by
/// .eh_frame and the tables that it leads to (LSB, "Exception Frames"; Itanium
/// C++ ABI, "Exception Handling Tables"). What is damaged or encoded in an
/// unusual way is left out: the tables are a help, not a need.
std::vector<CallSite> readCallSites(const ElfObject &Obj);

} // namespace segshift
#endif
