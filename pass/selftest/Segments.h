//===- Segments.h - which segments an object's code uses -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_SELFTEST_SEGMENTS_H
#define SEGSHIFT_SELFTEST_SEGMENTS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace segshift {

/// Instructions that reach memory through FS and through GS.
struct Segments {
  unsigned Fs = 0, Gs = 0;
};

/// Counts in all code of the object file at \p Path. Errors name it.
llvm::Expected<Segments> countSegments(llvm::StringRef Path);

} // namespace segshift
#endif
