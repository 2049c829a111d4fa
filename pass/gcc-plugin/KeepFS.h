//===- KeepFS.h - functions that keep FS ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_KEEPFS_H
#define SEGSHIFT_GCC_PLUGIN_KEEPFS_H

#include "GCC.h"

namespace segshift {

/// The attribute of functions whose TLS accesses stay in FS. segshift/keep_fs.h
/// has the macro that users write.
inline constexpr char KeepFSAttribute[] = "segshift_keep_fs";

/// Makes the attribute known to the front end: a callback of PLUGIN_ATTRIBUTES.
void registerKeepFSAttribute(void *, void *);

/// From here on nothing is inlined into functions with the attribute, except
/// always_inline functions without TLS, nor they into others.
void overrideInlining();

bool keepsFS(const_tree Function);

} // namespace segshift

#endif
