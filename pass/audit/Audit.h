//===- Audit.h - the audit of one file --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The audit of one ELF file: every place where it uses FS, and the uses of GS
// that an %fs search cannot see.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_AUDIT_H
#define SEGSHIFT_AUDIT_AUDIT_H

#include "AllowList.h"
#include "LinkMap.h"
#include "Report.h"
#include "command/Command.h"
#include "command/Input.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <set>

namespace segshift::audit {

struct Options {
  /// Bytes from tp + 0x80 that the kernel uses for its slots; no value: any.
  std::optional<uint64_t> KernelArea;
  /// Further offsets of the thread control block, first and last: those of a
  /// libc that is on GS as a whole.
  std::vector<OffsetRange> TcbOffsets;
  bool UseMarks = true;     // honour on-purpose marks in the file
  bool UseDebugInfo = true; // look up source lines
  std::set<Kind> Promoted;  // notes that count as findings
  const LinkMap *Map = nullptr;
};

/// Name is what the report calls the file. Errors name it and say what is
/// wrong.
llvm::Expected<FileReport> auditFile(llvm::MemoryBufferRef Buffer,
                                     llvm::StringRef Name, const Options &O,
                                     AllowList &Allow);

/// Audits a file, or each member of an archive, and adds it to the report.
void auditInput(const Input &In, const Options &O, AllowList &Allow, Report &R);

} // namespace segshift::audit
#endif
