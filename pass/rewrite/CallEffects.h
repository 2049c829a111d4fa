//===- CallEffects.h - registers that a call leaves alone ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The psABI lets any function change nine registers, but a compiler that sees
// both caller and function need not expect that of all of them: GCC's -fipa-ra,
// on from -O1, keeps values over a call in those that the function leaves
// alone.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_CALLEFFECTS_H
#define SEGSHIFT_REWRITE_CALLEFFECTS_H

#include "disasm/CodeReader.h"
#include <map>

namespace segshift {

/// The number of a 64-bit general-purpose register, or of the one that \p R is
/// a part of, as the CPU has it; 16 for all others.
unsigned registerNumber(const Decoder &Dec, llvm::MCRegister R);

class CallEffects {
public:
  explicit CallEffects(CodeReader &Reader) : Reader(Reader) {}

  /// The general-purpose registers that may have changed when the function at
  /// \p Address returns, by number: all, unless its code shows that it leaves
  /// some alone.
  uint16_t changed(unsigned Region, uint64_t Address) {
    return changed(Region, Address, 0);
  }

private:
  static constexpr uint16_t All = 0xffff;

  uint16_t changed(unsigned Region, uint64_t Address, unsigned Depth);
  uint16_t read(const CodeRange &Range, unsigned Depth);

  CodeReader &Reader;
  /// By region and start of a range; All while it is being read.
  std::map<std::pair<unsigned, uint64_t>, uint16_t> Known;
};

} // namespace segshift
#endif
