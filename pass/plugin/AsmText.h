//===- AsmText.h - FS in the text of inline assembly ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_ASMTEXT_H
#define SEGSHIFT_PLUGIN_ASMTEXT_H

#include "llvm/ADT/StringRef.h"

namespace segshift {

/// Whether an assembly text names FS.
bool asmNamesFS(llvm::StringRef Text);

/// Whether \p Text reaches a TLS variable through FS: a relocation under %fs,
/// or the GOT load of one next to a use of FS.
bool asmNamesTLSUnderFS(llvm::StringRef Text);

} // namespace segshift

#endif
