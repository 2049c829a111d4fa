//===- AsmText.h - what inline assembly says of FS --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Assembly is text to a compiler. This looks at it as the plugins of both
/// compilers need it, and needs nothing of either.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_ASM_TEXT_ASMTEXT_H
#define SEGSHIFT_ASM_TEXT_ASMTEXT_H

#include <string_view>

namespace segshift {

/// Whether \p Text names the register FS or an instruction for its base.
bool asmNamesFS(std::string_view Text);

/// Whether \p Text reaches a TLS variable through FS: a relocation under %fs,
/// or the GOT load of one next to a use of FS.
bool asmNamesTLSUnderFS(std::string_view Text);

} // namespace segshift

#endif
