//===- ElfSymbols.cpp - the symbols of a file's code ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Elf.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace segshift {

void ElfObject::addSymbol(const Symbol &S, uint32_t Section) {
  if (int Index = regionOfSection(Section); Index >= 0) {
    const Region &R = Regions[Index];
    if (R.contains(S.Address) || S.Address == R.end())
      Symbols[Index].push_back(S);
    return;
  }
  if (isRelocatable())
    return;
  for (unsigned R = 0; R < Regions.size(); ++R)
    if (Regions[R].Section == 0 && Regions[R].contains(S.Address))
      return Symbols[R].push_back(S);
}

Error ElfObject::readSymbolTable(const ELFT::Shdr &Table) {
  Expected<ELFT::SymRange> SymsOrErr = File.symbols(&Table);
  if (!SymsOrErr)
    return SymsOrErr.takeError();
  Expected<StringRef> NamesOrErr = File.getStringTableForSymtab(Table);
  if (!NamesOrErr)
    return NamesOrErr.takeError();
  if (Table.sh_type == ELF::SHT_SYMTAB) {
    SymbolTable = *SymsOrErr;
    StringTable = *NamesOrErr;
  }
  // Section indices of SHN_XINDEX symbols.
  ArrayRef<ELFT::Word> Extended;
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    if (S.sh_type != ELF::SHT_SYMTAB_SHNDX ||
        S.sh_link >= SectionsOrErr->size() ||
        &(*SectionsOrErr)[S.sh_link] != &Table)
      continue;
    Expected<ArrayRef<ELFT::Word>> ExtendedOrErr = File.getSHNDXTable(S);
    if (!ExtendedOrErr)
      return ExtendedOrErr.takeError();
    Extended = *ExtendedOrErr;
  }
  if (Table.sh_type == ELF::SHT_SYMTAB)
    SectionIndices = Extended;
  for (const auto &[Index, Sym] : enumerate(*SymsOrErr)) {
    uint8_t Type = Sym.getType();
    if (Type == ELF::STT_SECTION || Type == ELF::STT_FILE)
      continue;
    uint32_t Section = Sym.st_shndx;
    if (Section == ELF::SHN_XINDEX) {
      if (Index >= Extended.size())
        return createStringError("symbol " + Twine(Index) +
                                 " has no extended section index");
      Section = Extended[Index];
    } else if (Section == ELF::SHN_UNDEF || Section >= ELF::SHN_LORESERVE) {
      continue;
    }
    Expected<StringRef> NameOrErr = Sym.getName(*NamesOrErr);
    if (!NameOrErr)
      return NameOrErr.takeError();
    addSymbol({*NameOrErr, Sym.st_value, Sym.st_size, Type, Sym.getBinding()},
              Section);
  }
  return Error::success();
}

Error ElfObject::readSymbols() {
  Symbols.resize(Regions.size());
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  const ELFT::Shdr *Static = nullptr, *Dynamic = nullptr;
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    if (S.sh_type == ELF::SHT_SYMTAB)
      Static = &S;
    else if (S.sh_type == ELF::SHT_DYNSYM)
      Dynamic = &S;
  }
  if (Static || (Dynamic && !isRelocatable())) {
    if (Error E = readSymbolTable(Static ? *Static : *Dynamic))
      return E;
  } else if (!isRelocatable() && SectionsOrErr->empty()) {
    if (Error E = readDynamicSymbols())
      return E;
  }
  if (!isRelocatable()) {
    Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
    if (!PhdrsOrErr)
      return PhdrsOrErr.takeError();
    for (const ELFT::Phdr &P : *PhdrsOrErr)
      if (P.p_type == ELF::PT_GNU_EH_FRAME)
        readEhFrameHeader(P);
  }
  for (std::vector<Symbol> &List : Symbols)
    llvm::sort(List, [](const Symbol &A, const Symbol &B) {
      return std::tuple(A.Address, !A.isFunction(), A.Name.empty(), A.Name) <
             std::tuple(B.Address, !B.isFunction(), B.Name.empty(), B.Name);
    });
  return Error::success();
}

/// The dynamic symbols of an image without section headers, by its dynamic
/// table.
Error ElfObject::readDynamicSymbols() {
  Expected<ELFT::DynRange> DynOrErr = dynamicEntries();
  if (!DynOrErr || DynOrErr->empty()) // a static image
    return consumeError(DynOrErr.takeError()), Error::success();
  uint64_t Table = 0, Names = 0, NamesSize = 0;
  for (const ELFT::Dyn &D : *DynOrErr)
    if (D.d_tag == ELF::DT_SYMTAB)
      Table = D.d_un.d_ptr;
    else if (D.d_tag == ELF::DT_STRTAB)
      Names = D.d_un.d_ptr;
    else if (D.d_tag == ELF::DT_STRSZ)
      NamesSize = D.d_un.d_val;
  if (!Table || Names <= Table)
    return Error::success();
  // No entry says how long the symbol table is. It ends where the next of the
  // tables begins, at the latest.
  uint64_t End = Names;
  for (const ELFT::Dyn &D : *DynOrErr)
    switch (D.d_tag) {
    case ELF::DT_HASH:
    case ELF::DT_GNU_HASH:
    case ELF::DT_VERSYM:
    case ELF::DT_VERNEED:
    case ELF::DT_VERDEF:
    case ELF::DT_RELA:
    case ELF::DT_JMPREL:
      if (D.d_un.d_ptr > Table && D.d_un.d_ptr < End)
        End = D.d_un.d_ptr;
    }
  ArrayRef<uint8_t> NameBytes = bytesAt(Names, NamesSize);
  ArrayRef<uint8_t> Bytes = bytesAt(Table, End - Table);
  for (const ELFT::Sym &Sym :
       ArrayRef(reinterpret_cast<const ELFT::Sym *>(Bytes.data()),
                Bytes.size() / sizeof(ELFT::Sym))) {
    if (Sym.st_shndx == ELF::SHN_UNDEF || Sym.st_name >= NameBytes.size())
      continue;
    StringRef Name(reinterpret_cast<const char *>(NameBytes.data()) +
                       Sym.st_name,
                   NameBytes.size() - Sym.st_name);
    addSymbol({Name.take_until([](char C) { return C == 0; }), Sym.st_value,
               Sym.st_size, Sym.getType(), Sym.getBinding()},
              0);
  }
  return Error::success();
}

/// The size of the function at \p Start by its FDE at \p Entry, or 0 when the
/// FDE does not have the usual encoding (pc-relative, four bytes).
uint64_t ElfObject::fdeSize(uint64_t Entry, uint64_t Start) const {
  // Length, CIE pointer, start and size of the code.
  ArrayRef<uint8_t> Bytes = bytesAt(Entry, 16);
  if (Bytes.empty())
    return 0;
  int32_t Distance = support::endian::read32le(Bytes.data() + 8);
  if (Entry + 8 + int64_t(Distance) != Start)
    return 0;
  return support::endian::read32le(Bytes.data() + 12);
}

/// Function starts from the binary-search table of .eh_frame_hdr (LSB, "DWARF
/// Extensions"), for stripped images. Unusual encodings are left alone: the
/// table is a help, not a need.
void ElfObject::readEhFrameHeader(const ELFT::Phdr &Phdr) {
  Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSegmentContents(Phdr);
  if (!BytesOrErr)
    return consumeError(BytesOrErr.takeError());
  ArrayRef<uint8_t> B = *BytesOrErr;
  constexpr uint8_t PcRelSData4 = 0x1b, UData4 = 0x03, DataRelSData4 = 0x3b;
  if (B.size() < 12 || B[0] != 1 || B[1] != PcRelSData4 || B[2] != UData4 ||
      B[3] != DataRelSData4)
    return;
  uint64_t Count = support::endian::read32le(B.data() + 8);
  Count = std::min<uint64_t>(Count, (B.size() - 12) / 8);
  unsigned R = 0;
  for (uint64_t I = 0; I < Count; ++I) {
    int32_t Start = support::endian::read32le(B.data() + 12 + 8 * I);
    uint64_t Address = Phdr.p_vaddr + int64_t(Start);
    int32_t EntryDistance =
        support::endian::read32le(B.data() + 12 + 8 * I + 4);
    uint64_t Entry = Phdr.p_vaddr + int64_t(EntryDistance);
    for (unsigned Tried = 0;
         Tried < Regions.size() && !Regions[R].contains(Address); ++Tried)
      R = (R + 1) % Regions.size();
    if (R < Regions.size() && Regions[R].contains(Address))
      Symbols[R].push_back({"", Address, fdeSize(Entry, Address), ELF::STT_FUNC,
                            ELF::STB_LOCAL});
  }
}

} // namespace segshift
