//===- MoveToGS.h - the machine half of code generation ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Runs on each machine function just before it is emitted: changes the segment
/// operand of the instructions that TLS lowering made from FS to GS, and writes
/// down the sites of the FS uses that stay.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_MOVETOGS_H
#define SEGSHIFT_PLUGIN_MOVETOGS_H

namespace segshift {

/// For TargetPassConfig::insertPass.
extern char &MoveToGSID;

} // namespace segshift

#endif
