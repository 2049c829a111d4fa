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

enum class SiteKind : uint32_t {
  Instruction = 1, ///< This one instruction uses FS on purpose.
  AsmBegin = 2,    ///< Inline assembly that uses FS begins here.
  AsmEnd = 3,      ///< It has ended before here; if absent, with the function.
};

} // namespace segshift

#endif
