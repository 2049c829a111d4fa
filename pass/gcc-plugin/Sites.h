//===- Sites.h - the on-purpose FS sites of a unit --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_SITES_H
#define SEGSHIFT_GCC_PLUGIN_SITES_H

#include <vector>

#include "GCC.h"

namespace segshift {

/// Has the addresses of \p Kept, instructions of the current function in the
/// order of its code, written to the section of sites. docs/abi.md has the
/// format.
void addSites(const std::vector<rtx_insn *> &Kept);

/// Writes the sections of all sites so far to the assembly.
void writeSites();

} // namespace segshift

#endif
