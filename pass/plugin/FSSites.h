//===- FSSites.h - the on-purpose FS sites of an object ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// What the plugin writes down of each FS use that it leaves alone, for the
/// rewriter and the audit to read. docs/abi.md describes the format.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_FSSITES_H
#define SEGSHIFT_PLUGIN_FSSITES_H

#include <cstdint>

namespace segshift {

/// Sections of sites. An entry is the distance from the entry itself to the
/// instruction (a signed word of 4 bytes, or of 8 in the medium and large code
/// models), then a SiteKind of 4 bytes. llvm::AsmPrinter::emitPCSections writes
/// them.
inline constexpr char SitesSection[] = "segshift_fs";
inline constexpr char SitesSection64[] = "segshift_fs64";

/// All sites of one function are of one kind: emitPCSections goes through the
/// kinds of a function in no fixed order, and output must be reproducible.
enum class SiteKind : uint32_t {
  Instruction = 1, ///< This one instruction uses FS on purpose.
  RangeBound = 2,  ///< In pairs: where a range begins, and where it ends.
};

} // namespace segshift

#endif
