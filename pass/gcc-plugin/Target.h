//===- Target.h - what the plugin knows of the x86 back end -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_TARGET_H
#define SEGSHIFT_GCC_PLUGIN_TARGET_H

#include "GCC.h"

namespace segshift {

/// The program's own FS between expansion and the output of assembly. The back
/// end does not know this address space, but takes any that is not the generic
/// one alike until it prints the segment.
inline constexpr addr_space_t OwnFS = 7;

/// Whether the code that is made has 64-bit pointers and a thread pointer in
/// FS.
inline bool isSupportedTarget() { return TARGET_64BIT && !TARGET_X32; }

/// The stack protector's canary, if \p Pattern sets or compares it: the memory
/// operand that it is loaded from. Null otherwise. The same instruction may do
/// what is next in the program.
rtx canaryIn(const_rtx Pattern);

/// Whether \p Pattern reads or writes the base of FS (rdfsbase, wrfsbase).
bool isFSBaseAccess(const_rtx Pattern);

/// Whether \p X holds the thread pointer, as the back end writes it until it is
/// split into a load or a segment prefix.
bool holdsThreadPointer(const_rtx X);

/// Takes the thread pointer out of the address of \p Mem, a copy, and puts the
/// operand into FS, as the back end's split does. It leaves out calls.
void splitThreadPointer(rtx Mem);

} // namespace segshift

#endif
