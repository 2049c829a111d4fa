//===- Layout.h - the TLS block of an ELF file ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The TLS block of an ELF file: PT_TLS and the offset of every variable.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_TLS_LAYOUT_H
#define SEGSHIFT_TLS_LAYOUT_H

#include "llvm/Object/ELF.h"
#include <cstdint>
#include <string>
#include <vector>

namespace segshift::tls {

struct Variable {
  std::string Name;    // as in the symbol table, not demangled
  std::string Section; // only in relocatable objects, where Offset counts in it
  uint64_t Offset = 0; // bytes from the start of the TLS image
  uint64_t Size = 0;   // bytes; 0 if the symbol table does not say
  int64_t TpOff = 0;   // x@tpoff, negative; 0 in relocatable objects
};

/// One TLS section of a relocatable object; a linked image has a PT_TLS
/// instead.
struct Section {
  std::string Name;
  uint64_t Size = 0, Align = 1;
  bool Zero = false; // SHT_NOBITS
};

struct Layout {
  bool Relocatable = false;
  bool HasTls = false; // PT_TLS, or a TLS section
  /// Of PT_TLS, in bytes.
  uint64_t VAddr = 0, FileSize = 0, MemSize = 0, Align = 1;
  uint64_t BlockSize = 0;          // the block is [tp - BlockSize, tp)
  std::vector<Section> Sections;   // relocatable objects
  std::vector<Variable> Variables; // by offset
  bool HasSymbols = false; // false: stripped, Variables may not be complete

  /// The variable that covers byte tp + TpOff, or null.
  const Variable *at(int64_t TpOff) const;
};

/// tp - start of the block, for variant II with this module as the first
/// (psABI section 3.4.2; lld's and glibc's rule where p_vaddr is not aligned:
/// tp is aligned, and the image keeps p_vaddr's remainder).
uint64_t blockSize(uint64_t VAddr, uint64_t MemSize, uint64_t Align);

/// Of an ElfObject's file: the alignment of PT_TLS was checked there.
llvm::Expected<Layout> readLayout(const llvm::object::ELF64LEFile &Elf);

} // namespace segshift::tls
#endif
