//===- CodeReader.cpp - which bytes are instructions ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A function whose bytes decode from end to end, whose branches and
// relocations all fit the instructions, and which never refers to its own
// bytes as data is taken as it is: this is all code that compilers make. For
// the rest, control flow is followed from the known entries, and what it does
// not reach is code only when nothing speaks against it.
//
//===----------------------------------------------------------------------===//
#include "CodeReader.h"
#include "ElfCheck.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <algorithm>

using namespace llvm;

namespace segshift {

std::vector<CodeRange> CodeReader::ranges(unsigned Region) const {
  const segshift::Region &Reg = Obj.regions()[Region];
  std::vector<CodeRange> Functions, Data;
  std::vector<uint64_t> Starts; // of what has no size
  for (const Symbol &S : Obj.symbols(Region)) {
    uint64_t End = S.Address + S.Size;
    if (End < S.Address || End > Reg.end())
      End = Reg.end();
    if (S.Size && S.isData())
      Data.push_back({Region, S.Address, End, false});
    else if (S.Size && S.isFunction())
      Functions.push_back({Region, S.Address, End, true});
    else if (S.isFunction() || S.Binding != ELF::STB_LOCAL)
      Starts.push_back(S.Address);
  }
  auto Merge = [](std::vector<CodeRange> &List) {
    llvm::sort(List, [](const CodeRange &A, const CodeRange &B) {
      return std::pair(A.Begin, A.End) < std::pair(B.Begin, B.End);
    });
    std::vector<CodeRange> Merged;
    for (const CodeRange &R : List)
      if (!Merged.empty() && R.Begin < Merged.back().End)
        Merged.back().End = std::max(Merged.back().End, R.End);
      else
        Merged.push_back(R);
    List = std::move(Merged);
  };
  Merge(Functions);
  Merge(Data);
  // A function symbol wins over a data symbol that overlaps it.
  std::vector<CodeRange> Result;
  auto Gap = [&](uint64_t Begin, uint64_t End) {
    auto It = llvm::upper_bound(Starts, Begin);
    while (Begin < End) {
      uint64_t Next = It != Starts.end() && *It < End ? *It++ : End;
      if (Next > Begin)
        Result.push_back({Region, Begin, Next, false});
      Begin = Next;
    }
  };
  auto GapWithoutData = [&](uint64_t Begin, uint64_t End) {
    auto It = llvm::partition_point(
        Data, [&](const CodeRange &D) { return D.End <= Begin; });
    for (; It != Data.end() && It->Begin < End; ++It) {
      if (It->Begin > Begin)
        Gap(Begin, It->Begin);
      Begin = std::max(Begin, It->End);
    }
    if (Begin < End)
      Gap(Begin, End);
  };
  uint64_t At = Reg.Address;
  for (const CodeRange &F : Functions) {
    GapWithoutData(At, F.Begin);
    Result.push_back(F);
    At = F.End;
  }
  GapWithoutData(At, Reg.end());
  return Result;
}

const CodeRange *CodeReader::rangeAt(unsigned Region, uint64_t Address) {
  auto [It, IsNew] = Ranges.try_emplace(Region);
  std::vector<CodeRange> &List = It->second;
  if (IsNew)
    List = ranges(Region);
  auto Range = llvm::partition_point(
      List, [&](const CodeRange &R) { return R.End <= Address; });
  return Range != List.end() && Range->Begin <= Address ? &*Range : nullptr;
}

ArrayRef<uint8_t> CodeReader::bytes(const CodeRange &R) const {
  const segshift::Region &Reg = Obj.regions()[R.Region];
  return Reg.Bytes.slice(R.Begin - Reg.Address, R.End - R.Begin);
}

Insn CodeReader::decode(unsigned Region, const CodeEntry &E) const {
  const segshift::Region &Reg = Obj.regions()[Region];
  Insn I;
  Dec.decode(Reg.Bytes.slice(E.Address - Reg.Address, E.Length), E.Address, I);
  return I;
}

/// The region and address in it that an operand of \p I refers to, if that is
/// in the code of this file. \p FieldValue is the address as decoded.
std::optional<std::pair<unsigned, uint64_t>>
CodeReader::resolve(const Insn &I, unsigned Region, uint64_t FieldValue,
                    bool PcRelative) const {
  if (Obj.isRelocatable()) {
    for (const Relocation &R :
         Obj.relocations(Region, I.Address + 1, I.end())) {
      if (relocationSize(R.Type) != 4u)
        continue;
      const ELFT::Sym *Sym = Obj.symbol(R.Symbol);
      if (!Sym)
        return std::nullopt;
      switch (R.Type) {
      case ELF::R_X86_64_PC32:
      case ELF::R_X86_64_PLT32:
      case ELF::R_X86_64_32:
      case ELF::R_X86_64_32S:
        break;
      default:
        return std::nullopt; // GOT or TLS: no address of code
      }
      uint64_t Target = Sym->st_value + R.Addend;
      if (R.Type == ELF::R_X86_64_PC32 || R.Type == ELF::R_X86_64_PLT32)
        Target += I.end() - R.Address;
      for (unsigned Index = 0; Index < Obj.regions().size(); ++Index)
        if (Obj.regions()[Index].Section == Obj.symbolSection(R.Symbol) &&
            Obj.regions()[Index].contains(Target))
          return std::pair(Index, Target);
      return std::nullopt;
    }
    if (!PcRelative || !Obj.regions()[Region].contains(FieldValue))
      return std::nullopt;
    return std::pair(Region, FieldValue);
  }
  if (!PcRelative && !FieldValue)
    return std::nullopt;
  if (Obj.regions()[Region].contains(FieldValue))
    return std::pair(Region, FieldValue);
  for (unsigned Index = 0; Index < Obj.regions().size(); ++Index)
    if (Obj.regions()[Index].contains(FieldValue))
      return std::pair(Index, FieldValue);
  return std::nullopt;
}

/// The addresses in \p Region of a relocatable object that data sections hold.
const std::vector<uint64_t> &CodeReader::labelsInTables(unsigned Region) {
  if (Labels)
    return (*Labels)[Region];
  Labels.emplace(Obj.regions().size());
  if (!Obj.isRelocatable())
    return (*Labels)[Region];
  auto SectionsOrErr = Obj.file().sections();
  if (!SectionsOrErr) {
    consumeError(SectionsOrErr.takeError());
    return (*Labels)[Region];
  }
  for (const ELFT::Shdr &Section : *SectionsOrErr) {
    if (Section.sh_type != ELF::SHT_RELA ||
        Section.sh_info >= SectionsOrErr->size())
      continue;
    uint64_t Flags = (*SectionsOrErr)[Section.sh_info].sh_flags;
    if (!(Flags & ELF::SHF_ALLOC) || (Flags & ELF::SHF_EXECINSTR))
      continue;
    auto RelocationsOrErr = Obj.file().relas(Section);
    if (!RelocationsOrErr) {
      consumeError(RelocationsOrErr.takeError());
      continue;
    }
    for (const ELFT::Rela &R : *RelocationsOrErr) {
      uint32_t Type = R.getType(false);
      const ELFT::Sym *Sym = Obj.symbol(R.getSymbol(false));
      if (!Sym || (Type != ELF::R_X86_64_64 && Type != ELF::R_X86_64_32 &&
                   Type != ELF::R_X86_64_32S))
        continue;
      uint64_t Target = Sym->st_value + R.r_addend;
      for (unsigned Index = 0; Index < Obj.regions().size(); ++Index)
        if (Obj.regions()[Index].Section ==
                Obj.symbolSection(R.getSymbol(false)) &&
            Obj.regions()[Index].contains(Target))
          (*Labels)[Index].push_back(Target);
    }
  }
  return (*Labels)[Region];
}

namespace {
enum class RefKind { Called, Loaded, Taken };
}

/// Calls \p F(kind, region, address) for each reference of \p I to code.
template <typename Fn>
static void forEachReference(
    const Decoder &Dec, const Insn &I,
    function_ref<std::optional<std::pair<unsigned, uint64_t>>(uint64_t, bool)>
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

void CodeReader::collect(const Insn &I, unsigned Region,
                         References &Refs) const {
  forEachReference(
      Dec, I, [&](uint64_t V, bool Pc) { return resolve(I, Region, V, Pc); },
      [&](RefKind Kind, unsigned R, uint64_t Address) {
        auto &List = Kind == RefKind::Called   ? Refs.Called
                     : Kind == RefKind::Loaded ? Refs.Loaded
                                               : Refs.Taken;
        List[R].push_back(Address);
      });
}

const CodeReader::References &CodeReader::references() {
  if (Refs)
    return *Refs;
  Refs = std::make_unique<References>();
  size_t N = Obj.regions().size();
  Refs->Called.resize(N);
  Refs->Loaded.resize(N);
  Refs->Taken.resize(N);
  for (unsigned R = 0; R < N; ++R)
    for (const CodeRange &Range : ranges(R)) {
      ArrayRef<uint8_t> Bytes = bytes(Range);
      Insn I;
      for (size_t At = 0; At < Bytes.size();) {
        if (Dec.decode(Bytes.drop_front(At), Range.Begin + At, I)) {
          // Jumps count in functions only: elsewhere they may be chance.
          if (Range.IsFunction ||
              (I.ControlFlow != Flow::Jump && I.ControlFlow != Flow::Branch))
            collect(I, R, *Refs);
          At += I.Bytes.size();
        } else {
          ++At;
        }
      }
    }
  for (auto *Lists : {&Refs->Called, &Refs->Loaded, &Refs->Taken})
    for (std::vector<uint64_t> &List : *Lists) {
      llvm::sort(List);
      List.erase(llvm::unique(List), List.end());
    }
  return *Refs;
}

/// Reads one range.
struct CodeReader::RangeReader {
  CodeReader &Reader;
  const CodeRange &Range;
  ArrayRef<uint8_t> Bytes;
  const Decoder &Dec;
  /// By offset in the range.
  BitVector Starts;                    ///< an instruction that control reaches
  BitVector Covered;                   ///< a byte of such an instruction
  BitVector DataByte;                  ///< a byte of a jump table or literal
  std::vector<uint64_t> Work;          // offsets still to follow
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
  ArrayRef<Symbol> symbols() const {
    ArrayRef<Symbol> All = Reader.Obj.symbols(Range.Region);
    auto Less = [](const Symbol &S, uint64_t A) { return S.Address < A; };
    return ArrayRef(llvm::lower_bound(All, Range.Begin, Less),
                    llvm::lower_bound(All, Range.End, Less));
  }

  void noteReferences(const Insn &I);
  bool sweep(std::vector<CodeEntry> &Entries);
  void follow();
  void seed();
  bool readTable(uint64_t Offset);
  void markData(uint64_t Offset);
  std::vector<std::pair<uint64_t, uint64_t>> objects() const;
  Standing judge(uint64_t Offset) const;
  uint64_t skipPadding(uint64_t Offset) const;
  void extend();
  std::vector<CodeEntry> read(uint8_t Prefix);
  void addCandidates(uint64_t From, uint64_t To, Standing How, uint8_t Prefix,
                     std::vector<CodeEntry> &Entries) const;
};

void CodeReader::RangeReader::noteReferences(const Insn &I) {
  forEachReference(
      Dec, I,
      [&](uint64_t V, bool Pc) {
        return Reader.resolve(I, Range.Region, V, Pc);
      },
      [&](RefKind Kind, unsigned R, uint64_t Address) {
        if (R != Range.Region || !inRange(Address) || Kind == RefKind::Called)
          return;
        auto &List = Kind == RefKind::Loaded ? Loaded : Taken;
        List.push_back(Address - Range.Begin);
      });
}

/// Decodes from end to end. \returns true when all is consistent, so that
/// \p Entries can be taken as they are.
bool CodeReader::RangeReader::sweep(std::vector<CodeEntry> &Entries) {
  bool Clean = true;
  std::vector<uint64_t> Targets;
  Insn I;
  for (uint64_t At = 0; At < Bytes.size();) {
    if (!decodeAt(At, I)) {
      Clean = false;
      ++At;
      continue;
    }
    Entries.push_back({I.Address, uint8_t(I.Bytes.size()), Standing::Code});
    noteReferences(I);
    if (I.ControlFlow == Flow::Branch || I.ControlFlow == Flow::Jump)
      if (auto T = Reader.resolve(I, Range.Region, I.Target, true))
        if (T->first == Range.Region && inRange(T->second))
          Targets.push_back(T->second);
    At += I.Bytes.size();
  }
  // Function symbols inside the range (aliases, .cold parts) are targets too.
  for (const Symbol &S : symbols())
    if (S.isFunction() && inRange(S.Address))
      Targets.push_back(S.Address);
  for (uint64_t T : Targets) {
    auto It = llvm::upper_bound(Entries, T, [](uint64_t A, const CodeEntry &E) {
      return A < E.Address;
    });
    if (It == Entries.begin()) {
      Clean = false;
      break;
    }
    --It;
    // Code may jump behind a lock prefix: `je 0f; lock; 0: cmpxchg`.
    if (T - It->Address >= It->Length ||
        (T != It->Address &&
         T - It->Address > Reader.decode(Range.Region, *It).NumPrefixes)) {
      Clean = false;
      break;
    }
  }
  return Clean && Loaded.empty() && Taken.empty();
}

/// Puts the known entries of the range on the work list.
void CodeReader::RangeReader::seed() {
  const ElfObject &Obj = Reader.Obj;
  const segshift::Region &Reg = Obj.regions()[Range.Region];
  auto Add = [&](uint64_t Address) {
    if (inRange(Address))
      Work.push_back(Address - Range.Begin);
  };
  uint64_t Entry = Obj.file().getHeader().e_entry;
  if (!Obj.isRelocatable())
    Add(Entry);
  bool AnySymbol = false;
  for (const Symbol &S : symbols()) {
    if (!inRange(S.Address))
      continue;
    AnySymbol = true;
    if (S.isFunction())
      Add(S.Address);
  }
  if (Range.IsFunction) {
    Add(Range.Begin);
    // A table in a data section may be all that leads to a label here.
    for (uint64_t Address : Reader.labelsInTables(Range.Region))
      if (inRange(Address) &&
          !llvm::is_contained(Loaded, Address - Range.Begin) &&
          !llvm::is_contained(Taken, Address - Range.Begin))
        Add(Address);
    return;
  }
  // Without function symbols the whole file's references say what is what.
  const References &Refs = Reader.references();
  auto Within = [&](const std::vector<uint64_t> &List, auto F) {
    for (auto It = llvm::lower_bound(List, Range.Begin);
         It != List.end() && *It < Range.End; ++It)
      F(*It);
  };
  Within(Refs.Called[Range.Region], Add);
  Within(Refs.Loaded[Range.Region],
         [&](uint64_t A) { Loaded.push_back(A - Range.Begin); });
  Within(Refs.Taken[Range.Region],
         [&](uint64_t A) { Taken.push_back(A - Range.Begin); });
  auto IsData = [&](uint64_t A) {
    return llvm::is_contained(Loaded, A - Range.Begin) ||
           llvm::is_contained(Taken, A - Range.Begin);
  };
  for (const Symbol &S : symbols())
    if (inRange(S.Address) && !S.isData() && !IsData(S.Address))
      Add(S.Address);
  // A section without any symbol begins with code.
  if (!AnySymbol && Reg.Section && Range.Begin == Reg.Address)
    Add(Range.Begin);
}

/// Follows control flow from the work list.
void CodeReader::RangeReader::follow() {
  Insn I;
  while (!Work.empty()) {
    uint64_t At = Work.back();
    Work.pop_back();
    while (At < Bytes.size() && !Starts.test(At)) {
      if (!decodeAt(At, I))
        break;
      Starts.set(At);
      Covered.set(At, At + I.Bytes.size());
      noteReferences(I);
      if (I.ControlFlow == Flow::Branch || I.ControlFlow == Flow::Jump ||
          I.ControlFlow == Flow::Call)
        if (auto T = Reader.resolve(I, Range.Region, I.Target, true))
          if (T->first == Range.Region && inRange(T->second))
            Work.push_back(T->second - Range.Begin);
      if (I.ControlFlow == Flow::Jump || I.ControlFlow == Flow::IndirectJump ||
          I.ControlFlow == Flow::Stop)
        break;
      At += I.Bytes.size();
    }
  }
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
    Insn I;
    if (Distance == 0 || !inRange(Target) ||
        (Target >= Base && Target < Range.Begin + At + 4) ||
        !decodeAt(Target - Range.Begin, I))
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
      Insn I;
      if (!inRange(Target) || !decodeAt(Target - Range.Begin, I))
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

/// Judges an address that the code takes (lea) but never jumps to: a label
/// for a computed goto, an entry point, or data. Code that is entered there
/// leads to an end, by jump, return or a call that does not come back; what
/// runs into undecodable bytes or off the end of the range is data.
Standing CodeReader::RangeReader::judge(uint64_t Offset) const {
  BitVector Seen(Bytes.size());
  std::vector<uint64_t> Paths = {Offset};
  bool FallsIntoCode = false;
  Insn I;
  while (!Paths.empty()) {
    uint64_t At = Paths.back();
    Paths.pop_back();
    Flow Last = Flow::Next;
    for (;;) {
      if (At >= Bytes.size()) {
        if (Last == Flow::Call || Last == Flow::IndirectCall)
          break;
        return Standing::Data;
      }
      if (Seen.test(At))
        break;
      if (Starts.test(At)) {
        FallsIntoCode = true;
        break;
      }
      if (DataByte.test(At) || Covered.test(At) || !decodeAt(At, I))
        return Standing::Data;
      Seen.set(At);
      Last = I.ControlFlow;
      At += I.Bytes.size();
      if (Last == Flow::Branch || Last == Flow::Jump)
        if (auto T = Reader.resolve(I, Range.Region, I.Target, true);
            T && T->first == Range.Region && inRange(T->second) &&
            !Starts.test(T->second - Range.Begin))
          Paths.push_back(T->second - Range.Begin);
      if (Last == Flow::Jump || Last == Flow::IndirectJump ||
          Last == Flow::Stop)
        break;
    }
  }
  // Between functions, data may well stand right before an entry point.
  return FallsIntoCode && !Range.IsFunction ? Standing::Unsure : Standing::Code;
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
        judge(Start) != Standing::Code)
      continue;
    Work.push_back(Start);
    follow();
    At = Start;
  }
}

/// Marks the bytes from \p Offset to the next instruction, symbol or the end
/// as data.
void CodeReader::RangeReader::markData(uint64_t Offset) {
  uint64_t End = Bytes.size();
  ArrayRef<Symbol> Symbols = Reader.Obj.symbols(Range.Region);
  auto *Next = llvm::upper_bound(
      Symbols, Range.Begin + Offset,
      [](uint64_t A, const Symbol &S) { return A < S.Address; });
  if (Next != Symbols.end() && Next->Address < Range.End)
    End = Next->Address - Range.Begin;
  for (uint64_t At = Offset; At < End && !Covered.test(At); ++At)
    DataByte.set(At);
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
    if (!decodeAt(Start, I) || !I.OverrideMatters ||
        I.Override == SegReg::Other)
      continue;
    Entries.push_back({I.Address, uint8_t(I.Bytes.size()), How});
    Seen = Start + I.Bytes.size();
  }
}

std::vector<CodeEntry> CodeReader::RangeReader::read(uint8_t Prefix) {
  std::vector<CodeEntry> Entries;
  bool Clean = sweep(Entries);
  auto Objects = objects();
  if (Clean && Range.IsFunction && Objects.empty())
    return Entries;

  Starts.resize(Bytes.size());
  Covered.resize(Bytes.size());
  DataByte.resize(Bytes.size());
  if (!Range.IsFunction)
    Loaded.clear(), Taken.clear(); // references() has these, and all others
  seed();
  follow();
  // Tables lead to more code, which may refer to more tables.
  for (size_t Done = 0; Done < Loaded.size() + Taken.size();) {
    std::vector<uint64_t> Known = Loaded;
    llvm::append_range(Known, Taken);
    Done = Known.size();
    for (uint64_t Offset : Known)
      if (!Covered.test(Offset) && !DataByte.test(Offset))
        readTable(Offset);
    follow();
    if (Done == Loaded.size() + Taken.size())
      break;
  }
  for (auto [Begin, End] : Objects)
    DataByte.set(Begin, End);
  for (uint64_t Offset : Loaded)
    if (!Covered.test(Offset))
      markData(Offset);
  for (size_t Index = 0; Index < Taken.size(); ++Index) {
    uint64_t Offset = Taken[Index];
    if (Covered.test(Offset) || DataByte.test(Offset))
      continue;
    switch (judge(Offset)) {
    case Standing::Code:
      Work.push_back(Offset);
      follow(); // may add to Taken
      break;
    case Standing::Data:
      markData(Offset);
      break;
    case Standing::Unsure:
      break;
    }
  }
  llvm::sort(Taken);
  bool Trusted =
      Range.IsFunction || Reader.Obj.regions()[Range.Region].Section != 0;
  if (!Trusted)
    extend();

  // What is neither reached nor data: code if it decodes to the very end of
  // the gap and nobody takes its address in a way that may mean data.
  std::vector<CodeEntry> Result;
  for (uint64_t At = 0; At < Bytes.size();) {
    if (Starts.test(At)) {
      Insn I;
      Dec.decode(Bytes.drop_front(At), Range.Begin + At, I);
      Result.push_back({I.Address, uint8_t(I.Bytes.size()), Standing::Code});
      // Do not step over a start behind a lock prefix.
      uint64_t Next = At + 1;
      while (Next < At + I.Bytes.size() && !Starts.test(Next))
        ++Next;
      At = Next;
      continue;
    }
    uint64_t End = At;
    if (DataByte.test(At)) {
      while (End < Bytes.size() && DataByte.test(End) && !Covered.test(End))
        ++End;
      addCandidates(At, End, Standing::Data, Prefix, Result);
      At = std::max(End, At + 1);
      continue;
    }
    if (Covered.test(At)) { // the tail of an overlapped instruction
      ++At;
      continue;
    }
    while (End < Bytes.size() && !Covered.test(End) && !DataByte.test(End))
      ++End;
    auto FirstTaken = llvm::lower_bound(Taken, At);
    uint64_t Sure =
        FirstTaken != Taken.end() ? std::min(*FirstTaken, End) : End;
    std::vector<CodeEntry> GapEntries;
    uint64_t Sweep = At;
    Insn I;
    while (Sweep < Sure && decodeAt(Sweep, I)) {
      GapEntries.push_back(
          {I.Address, uint8_t(I.Bytes.size()), Standing::Code});
      Sweep += I.Bytes.size();
    }
    // Segments hold more than code: only sections are taken on their word.
    if (Sweep == Sure && Trusted) {
      llvm::append_range(Result, GapEntries);
      At = Sure;
    }
    addCandidates(At, End, Standing::Unsure, Prefix, Result);
    At = End;
  }
  return Result;
}

std::vector<CodeEntry> CodeReader::read(const CodeRange &R, uint8_t Prefix) {
  return RangeReader(*this, R).read(Prefix);
}

} // namespace segshift
