//===- CallSequence.h - TLSGD and TLSLD call sequences ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns general-dynamic and local-dynamic call sequences of a relocatable
// object into local-exec or initial-exec sequences of the same length that use
// GS, together with their relocations, so that no linker relaxes them to FS.
//
// The sequences are those of the psABI supplement "ELF Handling For
// Thread-Local Storage", section 4.4.6 and section 5.5, and what GCC and Clang
// emit for -fno-plt and the large code model.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_CALLSEQUENCE_H
#define SEGSHIFT_REWRITE_CALLSEQUENCE_H

#include "Plan.h"

namespace segshift {

/// Adds to \p P a site for each TLSGD and TLSLD sequence of region \p Region,
/// and for the DTPOFF relocations of its code. \p Keep says of a site that it
/// stays as it is, and why; \p IsWithin of an address that it lies within an
/// instruction, behind its first byte.
void planCallSequences(
    const ElfObject &Obj, unsigned Region, const RewriteConfig &Config,
    llvm::function_ref<bool(const Site &, std::string &Why)> Keep,
    llvm::function_ref<bool(uint64_t Address)> IsWithin, Plan &P);

} // namespace segshift
#endif
