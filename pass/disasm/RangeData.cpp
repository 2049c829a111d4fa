//===- RangeData.cpp - what of a range is data ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "NotCode.h"
#include "RangeReader.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <algorithm>

using namespace llvm;

namespace segshift {

/// True for what a table's entry may lead to. Between functions, addresses with
/// flags in them, as page tables have, are not what they look like.
bool CodeReader::RangeReader::isTarget(uint64_t Offset) const {
  Insn I;
  return decodeAt(Offset, I) &&
         (Range.IsFunction || judge(Offset) != Verdict::Data);
}

/// Reads a jump table at \p Offset: 8-byte addresses, or 4-byte distances from
/// the table. Its targets go on the work list. \returns false when there are
/// no two entries that make sense.
bool CodeReader::RangeReader::readTable(uint64_t Offset) {
  uint64_t Base = Range.Begin + Offset;
  std::vector<uint64_t> Targets;
  uint64_t At = Offset;
  for (; At + 4 <= Bytes.size() && !Covered.test(At); At += 4) {
    int32_t Distance = support::endian::read32le(Bytes.data() + At);
    uint64_t Target = Base + int64_t(Distance);
    if (Distance == 0 || !inRange(Target) ||
        (Target >= Base && Target < Range.Begin + At + 4) ||
        !isTarget(Target - Range.Begin))
      break;
    Targets.push_back(Target - Range.Begin);
  }
  unsigned Width = 4;
  if (Targets.size() < 2) {
    Targets.clear();
    Width = 8;
    for (At = Offset; At + 8 <= Bytes.size() && !Covered.test(At); At += 8) {
      uint64_t Target = support::endian::read64le(Bytes.data() + At);
      auto Relocs = Reader.Obj.relocations(Range.Region, Range.Begin + At,
                                           Range.Begin + At + 8);
      if (!Relocs.empty()) {
        const ELFT::Sym *Sym = Reader.Obj.symbol(Relocs[0].Symbol);
        if (Relocs[0].Type != ELF::R_X86_64_64 || !Sym ||
            Reader.Obj.symbolSection(Relocs[0].Symbol) !=
                Reader.Obj.regions()[Range.Region].Section)
          break;
        Target = Sym->st_value + Relocs[0].Addend;
      } else if (Reader.Obj.isRelocatable()) {
        break;
      }
      if (!inRange(Target) || !isTarget(Target - Range.Begin))
        break;
      Targets.push_back(Target - Range.Begin);
    }
    if (Targets.empty())
      return false;
  }
  DataByte.set(Offset, Offset + Width * Targets.size());
  Work.insert(Work.end(), Targets.begin(), Targets.end());
  return true;
}

/// A direct branch or call goes to code of this file, or has a relocation that
/// says where. Chance bytes mostly do not.
bool CodeReader::RangeReader::isPlausible(const Insn &I) const {
  switch (I.ControlFlow) {
  case Flow::Branch:
  case Flow::Jump:
  case Flow::Call:
    return Reader.resolve(I, Range.Region, I.Target, true) ||
           !Reader.Obj.relocations(Range.Region, I.Address + 1, I.end())
                .empty();
  default:
    return true;
  }
}

/// True when the range ends within the instruction at \p Offset.
bool CodeReader::RangeReader::isTruncated(uint64_t Offset) const {
  constexpr size_t Longest = 15;
  if (Bytes.size() - Offset >= Longest)
    return false;
  SmallVector<uint8_t, Longest> Padded(Bytes.drop_front(Offset));
  Padded.resize(Longest);
  Insn I;
  return Dec.decode(Padded, Range.Begin + Offset, I);
}

/// Judges an address that code may be entered at. Code leads to an end, by
/// jump, return or a call that does not come back; what runs into bytes that
/// are not an instruction, or off the end of the code, is data.
Verdict CodeReader::RangeReader::judge(uint64_t Offset) const {
  SmallDenseSet<uint64_t, 64> Seen;
  std::vector<uint64_t> Paths = {Offset};
  Verdict Worst = Verdict::Code;
  Insn I;
  while (!Paths.empty() && Worst != Verdict::Data) {
    uint64_t At = Paths.back();
    Paths.pop_back();
    bool Left = false;
    for (;;) {
      if (At >= Bytes.size()) {
        // What follows may be another object's code, as in .init.
        Worst = std::max(Worst, Left ? Verdict::Code : Verdict::NextRange);
        break;
      }
      if (Seen.contains(At))
        break;
      if (Starts.test(At)) {
        Worst = std::max(Worst, Verdict::KnownCode);
        break;
      }
      bool Never = DataByte.test(At) || Covered.test(At) ||
                   isNeverCode(Bytes.drop_front(At));
      if (Never || !decodeAt(At, I)) {
        // A relocation that is not an operand's is an address in a table.
        Never |= Dec.decode(Bytes.drop_front(At), Range.Begin + At, I) ||
                 isTruncated(At);
        if (!Left)
          Worst = std::max(Worst, Never ? Verdict::Data : Verdict::Undecoded);
        break;
      }
      if (!isPlausible(I))
        return Verdict::Data;
      Seen.insert(At);
      Left = mayNotReturn(I, Dec.opcodeName(I));
      At += I.Bytes.size();
      if (I.ControlFlow == Flow::Branch || I.ControlFlow == Flow::Jump)
        if (auto T = Reader.resolve(I, Range.Region, I.Target, true);
            T && T->first == Range.Region && inRange(T->second) &&
            !Starts.test(T->second - Range.Begin))
          Paths.push_back(T->second - Range.Begin);
      if (I.ControlFlow == Flow::Jump || I.ControlFlow == Flow::IndirectJump ||
          I.ControlFlow == Flow::Stop)
        break;
    }
  }
  return Worst;
}

/// True for a byte that is known to be data, or cannot be the first of an
/// instruction that is ever reached.
bool CodeReader::RangeReader::isData(uint64_t Offset) const {
  if (Starts.empty()) // all of the range is code
    return false;
  if (DataByte.test(Offset))
    return true;
  if (Covered.test(Offset) || UnreadByte.test(Offset))
    return false;
  return isInText(Bytes, Offset) || judge(Offset) == Verdict::Data;
}

/// The first byte at or after \p Offset that is no padding between functions.
uint64_t CodeReader::RangeReader::skipPadding(uint64_t Offset) const {
  Insn I;
  while (Offset < Bytes.size() && !Covered.test(Offset)) {
    if (Bytes[Offset] == 0x00 || Bytes[Offset] == 0xcc)
      ++Offset;
    else if (decodeAt(Offset, I) && Dec.opcodeName(I).starts_with("NOOP"))
      Offset += I.Bytes.size();
    else
      break;
  }
  return Offset;
}

/// In an image without section headers and symbols only the entry point is
/// known. What stands right behind known code and leads to an end, as a
/// function does, is one more function.
void CodeReader::RangeReader::extend() {
  for (uint64_t At = 1; At < Bytes.size(); ++At) {
    if (!Covered.test(At - 1) || Covered.test(At) || DataByte.test(At))
      continue;
    uint64_t Start = skipPadding(At);
    if (Start >= Bytes.size() || Covered.test(Start) || DataByte.test(Start) ||
        judge(Start) != Verdict::Code)
      continue;
    Work.push_back(Start);
    follow();
    At = Start;
  }
}

/// Marks the bytes from \p Offset to the next instruction, symbol or the end
/// as data. In images, functions without a symbol may follow the data.
void CodeReader::RangeReader::markData(uint64_t Offset) {
  uint64_t End = Bytes.size();
  ArrayRef<Symbol> Symbols = Reader.Obj.symbols(Range.Region);
  auto *Next = llvm::upper_bound(
      Symbols, Range.Begin + Offset,
      [](uint64_t A, const Symbol &S) { return A < S.Address; });
  bool IsBounded = Next != Symbols.end() && Next->Address < Range.End;
  if (IsBounded)
    End = Next->Address - Range.Begin;
  bool IsWeak = !IsBounded && !Range.IsFunction && !Reader.Obj.isRelocatable();
  for (uint64_t At = Offset; At < End && !Covered.test(At); ++At)
    (IsWeak ? WeakData : DataByte).set(At);
}

/// The bytes of what symbols say is an object, within a function's size too.
std::vector<std::pair<uint64_t, uint64_t>>
CodeReader::RangeReader::objects() const {
  std::vector<std::pair<uint64_t, uint64_t>> List;
  for (const Symbol &S : symbols()) {
    if (!S.isData() || !S.Size)
      continue;
    uint64_t Begin = S.Address - Range.Begin;
    List.push_back({Begin, Begin + std::min(S.Size, Range.End - S.Address)});
  }
  return List;
}

/// Lists what would reach memory through \p Prefix in bytes that may be no
/// code. Offsets in the range.
void CodeReader::RangeReader::addCandidates(
    uint64_t From, uint64_t To, Standing How, uint8_t Prefix,
    std::vector<CodeEntry> &Entries) const {
  uint64_t Seen = From;
  for (uint64_t Hit = findOverride(Bytes, From, Prefix); Hit < To;
       Hit = findOverride(Bytes, Hit + 1, Prefix)) {
    if (Hit < Seen)
      continue;
    uint64_t Start = Hit;
    auto IsOtherPrefix = [](uint8_t B) {
      return B == 0x66 || B == 0x67 || B == 0xf0 || B == 0xf2 || B == 0xf3;
    };
    while (Start > Seen && IsOtherPrefix(Bytes[Start - 1]))
      --Start;
    Insn I;
    Standing Here =
        How == Standing::Unsure && isData(Start) ? Standing::Data : How;
    if (!Dec.decode(Bytes.drop_front(Start), Range.Begin + Start, I)) {
      if (Here == Standing::Unsure)
        Entries.push_back({Range.Begin + Hit, 1, Standing::Unread});
      continue;
    }
    if (!fitsRelocations(I) || !I.OverrideMatters ||
        I.Override == SegReg::Other)
      continue;
    Entries.push_back({I.Address, uint8_t(I.Bytes.size()), Here});
    // What was only taken for data hides nothing.
    Seen = Here == How ? Start + I.Bytes.size() : Hit + 1;
  }
}

/// Lists the bytes that control gets to and that hold \p Prefix, but do not
/// decode: what an instruction that LLVM does not know would do is not known.
void CodeReader::RangeReader::addUnread(uint8_t Prefix,
                                        std::vector<CodeEntry> &Entries) const {
  for (int At = UnreadByte.find_first(); At >= 0; At = UnreadByte.find_next(At))
    if (Bytes[At] == Prefix)
      Entries.push_back({Range.Begin + At, 1, Standing::Unread});
}

} // namespace segshift
