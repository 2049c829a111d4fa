//===- Overlap.h - two TLS blocks under one FS ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which bytes of two TLS blocks coincide when both end at one thread pointer.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_TLS_OVERLAP_H
#define SEGSHIFT_TLS_OVERLAP_H

#include "Layout.h"

namespace segshift::tls {

/// Bytes [tp + Begin, tp + End), over which neither side changes from one
/// variable to the next. Empty names: padding, or a variable without a symbol.
struct OverlapRange {
  int64_t Begin = 0, End = 0;
  std::string Program, Kernel;                  // variable names
  uint64_t ProgramOffset = 0, KernelOffset = 0; // of Begin in the variable
};

struct Overlap {
  std::vector<OverlapRange> Ranges;
  uint64_t Bytes = 0; // that both blocks hold
  uint64_t VariableBytes =
      0; // of these, bytes of a named variable on both sides
  uint64_t ReservationNeeded =
      0; // bytes below tp to keep free of kernel variables
};

/// Reserved: bytes directly below tp that the kernel keeps free of its
/// variables.
Overlap findOverlap(const Layout &Program, const Layout &Kernel,
                    uint64_t Reserved);

} // namespace segshift::tls
#endif
