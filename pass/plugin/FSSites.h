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

namespace segshift {

/// Sections of sites. An entry is a pair of signed distances, each from the
/// distance's own address: to the first byte of code whose FS uses are on
/// purpose, and to the first byte behind it. A distance has 4 bytes, or 8 in
/// the medium and large code models. llvm::AsmPrinter::emitPCSections writes
/// them.
inline constexpr char SitesSection[] = "segshift_fs";
inline constexpr char SitesSection64[] = "segshift_fs64";

} // namespace segshift

#endif
