//===- FileFormat.h - what a file is that is not ELF -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_FILEFORMAT_H
#define SEGSHIFT_DISASM_FILEFORMAT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace segshift {

/// The error for a file, or a member of an archive, that does not begin with an
/// ELF header: what it is, where the code may be found, and the number.
llvm::Error notElf(llvm::StringRef Name, llvm::StringRef Data);

/// True for what is not ELF but is known to hold code, or files that do:
/// bitcode, COFF, Mach-O, archives, what is compressed. False for text and
/// whatever is not known.
bool mayHoldCode(llvm::StringRef Data);

/// The error for what begins with an ELF header that is not 64-bit x86-64, or
/// success.
llvm::Error checkElfHeader(llvm::StringRef Data);

} // namespace segshift
#endif
