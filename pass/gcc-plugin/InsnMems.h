//===- InsnMems.h - memory operands of instructions -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Include standard headers before this one.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_INSNMEMS_H
#define SEGSHIFT_GCC_PLUGIN_INSNMEMS_H

#include <string>
#include <vector>

#include "GCC.h"

namespace segshift {

/// Where \p Root holds memory operands, each place once: the outputs of an
/// assembly statement share the vector of its inputs.
std::vector<rtx *> memsIn(rtx *Root);

/// Puts a copy of the memory operand at \p Place there, in address space \p AS.
/// A copy, because the operand may be that of a declaration.
void changeAddressSpace(rtx *Place, addr_space_t AS);

/// The text of the assembly statement \p Pattern; empty if it is none.
std::string assemblyOf(const_rtx Pattern);

} // namespace segshift

#endif
