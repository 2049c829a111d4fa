//===- SourceLines.h - file and line of an address --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// file:line of a code address, from DWARF.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_SOURCELINES_H
#define SEGSHIFT_AUDIT_SOURCELINES_H

#include "Report.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <memory>

namespace segshift::audit {

class SourceLines {
public:
  explicit SourceLines(llvm::MemoryBufferRef Buffer) : Buffer(Buffer) {}

  /// Section: the section's index, in relocatable objects; 0 in linked images.
  /// Reads the debug information at the first call. Damaged debug information
  /// counts as none.
  std::optional<SourcePlace> at(uint64_t Address, uint32_t Section);

private:
  llvm::MemoryBufferRef Buffer;
  bool Opened = false;
  std::unique_ptr<llvm::object::ObjectFile> Object;
  std::unique_ptr<llvm::DWARFContext> Context;
};

} // namespace segshift::audit
#endif
