//===- CodeReader.h - which bytes are instructions -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Executable bytes are not all instructions: hand-written assembly keeps jump
// tables and literal pools in text. A CodeReader splits a region into ranges
// (functions, and what lies between them) and says for each instruction of a
// range how sure it is that it is one.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_CODEREADER_H
#define SEGSHIFT_DISASM_CODEREADER_H

#include "Decoder.h"
#include "Elf.h"
#include <map>
#include <vector>

namespace segshift {

/// A function, or the bytes between two functions.
struct CodeRange {
  unsigned Region = 0;
  uint64_t Begin = 0, End = 0; ///< addresses
  /// A function symbol (or .eh_frame entry) with a size covers it.
  bool IsFunction = false;
};

enum class Standing : uint8_t {
  Code,   ///< an instruction
  Unsure, ///< decodes, but nothing shows that control ever gets there
  Data,   ///< referenced as data and never reached, or cannot be code
  Unread  ///< a byte that does not decode, where code may be
};

struct CodeEntry {
  uint64_t Address = 0;
  uint8_t Length = 0;
  Standing How = Standing::Code;
};

class CodeReader {
public:
  /// Both must outlive the reader, which may be used from one thread only.
  CodeReader(const ElfObject &Obj, const Decoder &Dec);
  ~CodeReader();

  /// The ranges of a region, by address; together they cover all of it but
  /// the bytes of STT_OBJECT symbols.
  std::vector<CodeRange> ranges(unsigned Region) const;
  /// The one of them that an address is in, or null. It lives as long as the
  /// reader.
  const CodeRange *rangeAt(unsigned Region, uint64_t Address);

  /// The bytes of a range.
  llvm::ArrayRef<uint8_t> bytes(const CodeRange &R) const;

  /// All instructions of a range by address. Code entries do not overlap but
  /// for code that jumps behind another instruction's lock prefix. In Data
  /// and Unsure parts only those are listed that would, if they were
  /// instructions, reach memory through a segment with \p Prefix.
  std::vector<CodeEntry> read(const CodeRange &R, uint8_t Prefix = FSPrefix);

  /// True for an address that cannot be an instruction's.
  bool isData(unsigned Region, uint64_t Address);

  /// Decodes an entry that read() returned.
  Insn decode(unsigned Region, const CodeEntry &E) const;

  /// The region and address that a code reference of \p I means: its branch
  /// target, or the address that its memory operand names. \p Value is that
  /// address as decoded; a relocation in the instruction overrides it. None
  /// when it is not in the code of this file.
  std::optional<std::pair<unsigned, uint64_t>> resolve(const Insn &I,
                                                       unsigned Region,
                                                       uint64_t Value,
                                                       bool PcRelative) const;

  const ElfObject &object() const { return Obj; }
  const Decoder &decoder() const { return Dec; }

private:
  struct RangeReader;
  /// References between parts of the code, needed only where symbols do not
  /// say what is a function. Addresses in region order.
  struct References {
    std::vector<std::vector<uint64_t>> Called, Loaded, Taken;
  };
  const References &references();
  const std::vector<uint64_t> &labelsInTables(unsigned Region);
  void collect(const Insn &I, unsigned Region, References &Refs) const;

  const ElfObject &Obj;
  const Decoder &Dec;
  std::map<unsigned, std::vector<CodeRange>> Ranges; // what rangeAt looked at
  std::unique_ptr<RangeReader> Last;                 // what isData looked at
  std::unique_ptr<References> Refs;
  std::optional<std::vector<std::vector<uint64_t>>> Labels;
};

} // namespace segshift
#endif
