//===- RangeReader.h - reads one range of code -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_RANGEREADER_H
#define SEGSHIFT_DISASM_RANGEREADER_H

#include "CodeReader.h"
#include "ElfCheck.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

namespace segshift {

enum class RefKind { Called, Loaded, Taken };

/// Calls \p F(kind, region, address) for each reference of \p I to code.
template <typename Fn>
void forEachReference(
    const Decoder &Dec, const Insn &I,
    llvm::function_ref<std::optional<std::pair<unsigned, uint64_t>>(uint64_t,
                                                                    bool)>
        Resolve,
    Fn F) {
  switch (I.ControlFlow) {
  case Flow::Call:
  case Flow::Jump:
  case Flow::Branch:
    if (auto T = Resolve(I.Target, true))
      F(RefKind::Called, T->first, T->second);
    return;
  default:
    break;
  }
  if (!I.Mem || I.Mem->Segment == SegReg::FS || I.Mem->Segment == SegReg::GS)
    return;
  bool RipRelative = I.Mem->Base && Dec.registerName(I.Mem->Base) == "RIP";
  if (!RipRelative && I.Mem->Base)
    return;
  // Without an address of its own, a relocation is the immediate's:
  // `movq $x, (,%rax,8)`.
  if (!RipRelative && I.Mem->Index && !I.Mem->Disp &&
      Dec.opcodeName(I).contains("mi"))
    return;
  uint64_t Value = RipRelative ? I.end() + I.Mem->Disp : I.Mem->Disp;
  if (auto T = Resolve(Value, RipRelative)) {
    bool IsLea = Dec.opcodeName(I).starts_with("LEA");
    F(IsLea ? RefKind::Taken : RefKind::Loaded, T->first, T->second);
  }
}

/// What entering code at an offset would lead to, from the least to the most
/// that speaks against it.
enum class Verdict : uint8_t {
  Code,      ///< to an end, as a function does
  KnownCode, ///< into code that is known by other ways
  NextRange, ///< off the end of the range
  Undecoded, ///< to bytes that may be an instruction that LLVM does not know
  Data       ///< to what is not an instruction
};

/// Reads one range.
struct CodeReader::RangeReader {
  CodeReader &Reader;
  const CodeRange &Range;
  llvm::ArrayRef<uint8_t> Bytes;
  const Decoder &Dec;
  /// By offset in the range.
  llvm::BitVector Starts;   ///< an instruction that control reaches
  llvm::BitVector Covered;  ///< a byte of such an instruction
  llvm::BitVector DataByte; ///< a byte of a jump table or literal
  /// A byte between data and the next code, where no symbol says what it is.
  llvm::BitVector WeakData;
  llvm::BitVector UnreadByte;   ///< control gets there, and it does not decode
  std::vector<uint64_t> Work;   // offsets still to follow
  std::vector<uint64_t> Labels; // that may be code or data
  std::vector<uint64_t> Loaded, Taken; // offsets referred to as data

  RangeReader(CodeReader &Reader, const CodeRange &Range)
      : Reader(Reader), Range(Range), Bytes(Reader.bytes(Range)),
        Dec(Reader.Dec) {}

  bool inRange(uint64_t Address) const {
    return Address >= Range.Begin && Address < Range.End;
  }
  bool decodeAt(uint64_t Offset, Insn &I) const {
    return Dec.decode(Bytes.drop_front(Offset), Range.Begin + Offset, I) &&
           fitsRelocations(I);
  }
  /// An instruction's relocations lie behind its prefixes and opcode.
  bool fitsRelocations(const Insn &I) const {
    for (const Relocation &R :
         Reader.Obj.relocations(Range.Region, I.Address, I.end())) {
      unsigned Size = relocationSize(R.Type).value_or(0);
      if (Size && (R.Address <= I.Address + I.NumPrefixes ||
                   R.Address + Size > I.end()))
        return false;
    }
    return true;
  }

  /// The symbols of the range.
  llvm::ArrayRef<Symbol> symbols() const {
    llvm::ArrayRef<Symbol> All = Reader.Obj.symbols(Range.Region);
    auto Less = [](const Symbol &S, uint64_t A) { return S.Address < A; };
    return llvm::ArrayRef(llvm::lower_bound(All, Range.Begin, Less),
                          llvm::lower_bound(All, Range.End, Less));
  }

  void noteReferences(const Insn &I);
  bool sweep(std::vector<CodeEntry> &Entries);
  void follow();
  void seed();
  bool readTable(uint64_t Offset);
  void markData(uint64_t Offset);
  std::vector<std::pair<uint64_t, uint64_t>> objects() const;
  Verdict judge(uint64_t Offset) const;
  bool isPlausible(const Insn &I) const;
  bool isTarget(uint64_t Offset) const;
  bool isTruncated(uint64_t Offset) const;
  bool isData(uint64_t Offset) const;
  bool isTrusted() const {
    return Range.IsFunction || Reader.Obj.regions()[Range.Region].Section != 0;
  }
  void markUnread(uint64_t Offset);
  void followLabels();
  void followTables();
  void followTaken();
  void readGap(uint64_t At, uint64_t End, uint8_t Prefix,
               std::vector<CodeEntry> &Result);
  std::vector<CodeEntry> collect(uint8_t Prefix);
  uint64_t skipPadding(uint64_t Offset) const;
  void extend();
  std::vector<CodeEntry> read(uint8_t Prefix);
  void addUnread(uint8_t Prefix, std::vector<CodeEntry> &Entries) const;
  void addCandidates(uint64_t From, uint64_t To, Standing How, uint8_t Prefix,
                     std::vector<CodeEntry> &Entries) const;
};

} // namespace segshift
#endif
