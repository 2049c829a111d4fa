//===- MoveToGS.h - the last pass before assembly ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_MOVETOGS_H
#define SEGSHIFT_GCC_PLUGIN_MOVETOGS_H

class rtl_opt_pass;

namespace segshift {

/// What is in FS and is not the program's own moves to GS. The last pass, so
/// that all others saw the code of an ordinary build.
rtl_opt_pass *makeMoveToGSPass();

/// Of the unit, for -fplugin-arg-segshift_gcc-stats.
struct Counts {
  unsigned Moved = 0, Kept = 0, MovedCanaries = 0;
};
extern Counts TheCounts;

} // namespace segshift

#endif
