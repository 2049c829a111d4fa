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
#include "RangeReader.h"
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

CodeReader::CodeReader(const ElfObject &Obj, const Decoder &Dec)
    : Obj(Obj), Dec(Dec) {}
CodeReader::~CodeReader() = default;

bool CodeReader::isData(unsigned Region, uint64_t Address) {
  const CodeRange *Range = rangeAt(Region, Address);
  if (!Range)
    return true; // a symbol says that it is an object
  if (!Last || &Last->Range != Range) {
    Last = std::make_unique<RangeReader>(*this, *Range);
    Last->read(FSPrefix);
  }
  return Last->isData(Address - Range->Begin);
}

std::vector<CodeEntry> CodeReader::read(const CodeRange &R, uint8_t Prefix) {
  return RangeReader(*this, R).read(Prefix);
}

} // namespace segshift
