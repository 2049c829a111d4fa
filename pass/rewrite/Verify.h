//===- Verify.h - checks a rewrite against its input -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_VERIFY_H
#define SEGSHIFT_REWRITE_VERIFY_H

#include "Plan.h"

namespace segshift {

/// Decodes all code of \p Before and of \p After, the rewritten bytes of the
/// same file, and checks that both are the same instruction stream but for the
/// segment of memory operands that \p P moves and the sequences that it
/// converts, and that no other byte of the file differs. The error names the
/// first difference.
llvm::Error verify(const ElfObject &Before, llvm::MemoryBufferRef After,
                   const Plan &P);

} // namespace segshift
#endif
