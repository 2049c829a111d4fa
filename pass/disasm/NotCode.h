//===- NotCode.h - bytes that no code holds --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_NOTCODE_H
#define SEGSHIFT_DISASM_NOTCODE_H

#include "Decoder.h"

namespace segshift {

/// True when the bytes at the front of \p Bytes are not an instruction in
/// 64-bit mode on any processor, or are two zero bytes, which are one that
/// nobody writes. False for what LLVM does not decode but may be newer than it.
bool isNeverCode(llvm::ArrayRef<uint8_t> Bytes);

/// True when the byte at \p Index belongs to a string: a run of printable
/// characters that ends with a zero byte and is mostly lower case.
bool isInText(llvm::ArrayRef<uint8_t> Bytes, size_t Index);

/// True for an instruction behind which control may not come back, so that
/// data may follow: calls, and what leaves to a kernel, hypervisor or device.
bool mayNotReturn(const Insn &I, llvm::StringRef OpcodeName);

} // namespace segshift
#endif
