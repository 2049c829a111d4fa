//===- OwnFS.h - the program's own FS is set apart --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_OWNFS_H
#define SEGSHIFT_GCC_PLUGIN_OWNFS_H

class rtl_opt_pass;

namespace segshift {

/// The pass right after expansion. TLS is an unspec in an address then, so what
/// is in __seg_fs's address space is the program's; it gets one of its own,
/// which keeps it apart until the last pass.
rtl_opt_pass *makeOwnFSPass();

/// Whether the current function had the thread pointer in that pass. Without
/// it, nothing can be in FS later but the canary and what the pass set apart.
bool usesThreadPointer();

/// The callback of PLUGIN_ALL_IPA_PASSES_START, for what is outside of
/// functions.
void checkFileScopeAssembly(void *, void *);

} // namespace segshift

#endif
