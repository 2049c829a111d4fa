//===- ElfCheck.h - whether a file holds what it says ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A linker refuses an object whose tables contradict each other, and so do the
// tools: what they would read is then not what is linked.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_ELFCHECK_H
#define SEGSHIFT_DISASM_ELFCHECK_H

#include "Elf.h"

namespace segshift {

/// Size in bytes of the field that a relocation changes; 0 for those that only
/// mark a place, none for types that x86-64 does not have.
std::optional<unsigned> relocationSize(uint32_t Type);

/// Checks symbol tables, relocations and groups of a relocatable object, and
/// the relocation sections of an image.
llvm::Error checkTables(const ELFFile &File);

/// The error for an object that a link takes for its intermediate code and not
/// for its machine code, or success.
llvm::Error checkNoIntermediateCode(const ELFFile &File);

/// The error for a file whose code is elsewhere, or where the tools do not
/// look, or success.
llvm::Error checkCodeIsThere(const ElfObject &Obj);

/// The error for two PT_LOAD segments that give an address different bytes, or
/// success.
llvm::Error checkSegments(const ELFFile &File);

} // namespace segshift
#endif
