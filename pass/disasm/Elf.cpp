//===- Elf.cpp - what the tools need of an x86-64 ELF file ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Elf.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace segshift {

uint64_t TlsSegment::blockSize() const {
  // psABI TLS variant II: tlsoffset(1) is MemSize rounded up so that
  // tp - offset is congruent to the segment's address modulo its alignment.
  uint64_t A = Align > 1 ? Align : 1;
  return MemSize + ((0 - MemSize - Address) & (A - 1));
}

Expected<std::unique_ptr<ElfObject>> ElfObject::create(MemoryBufferRef Buffer) {
  auto Fail = [&](const Twine &What) {
    return createStringError(Buffer.getBufferIdentifier() + ": " + What);
  };
  StringRef Data = Buffer.getBuffer();
  if (identify_magic(Data) == file_magic::bitcode)
    return Fail("not an ELF file but LLVM bitcode, which holds no code yet; "
                "give what it is linked into");
  if (!Data.starts_with("\177ELF"))
    return Fail("not an ELF file");
  if (Data.size() < sizeof(ELFT::Ehdr))
    return Fail("ELF header goes past the end of the file");
  if (uint8_t(Data[ELF::EI_CLASS]) != ELF::ELFCLASS64 ||
      uint8_t(Data[ELF::EI_DATA]) != ELF::ELFDATA2LSB)
    return Fail("not a 64-bit little-endian ELF file (32-bit and x32 objects "
                "are not supported)");
  Expected<ELFFile> FileOrErr = ELFFile::create(Data);
  if (!FileOrErr)
    return Fail(toString(FileOrErr.takeError()));
  if (FileOrErr->getHeader().e_machine != ELF::EM_X86_64)
    return Fail("not an x86-64 ELF file (e_machine is " +
                Twine(unsigned(FileOrErr->getHeader().e_machine)) + ")");
  std::unique_ptr<ElfObject> O(new ElfObject(Buffer, *FileOrErr));
  Error E = O->readSections();
  if (!E)
    E = O->readSegments();
  if (!E)
    E = O->readSymbols();
  if (!E)
    E = O->isRelocatable() ? O->readRelocations() : O->readDynamicRelocations();
  if (E)
    return Fail(toString(std::move(E)));
  return std::move(O);
}

Error ElfObject::readSections() {
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  RegionOfSection.assign(SectionsOrErr->size(), -1);
  for (const auto &[Index, Shdr] : enumerate(*SectionsOrErr)) {
    if (!(Shdr.sh_flags & ELF::SHF_EXECINSTR) ||
        Shdr.sh_type == ELF::SHT_NOBITS || Shdr.sh_size == 0)
      continue;
    Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSectionContents(Shdr);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    if (Shdr.sh_flags & ELF::SHF_COMPRESSED)
      return createStringError("section " + Twine(Index) +
                               " is compressed code");
    Expected<StringRef> NameOrErr = File.getSectionName(Shdr);
    if (!NameOrErr)
      return NameOrErr.takeError();
    Region R;
    R.Name = *NameOrErr;
    R.Section = Index;
    R.Address = isRelocatable() ? 0 : uint64_t(Shdr.sh_addr);
    R.FileOffset = Shdr.sh_offset;
    R.Bytes = *BytesOrErr;
    if (R.end() < R.Address)
      return createStringError("section " + R.Name +
                               " wraps around the address space");
    RegionOfSection[Index] = Regions.size();
    Regions.push_back(R);
  }
  return Error::success();
}

Error ElfObject::readSegments() {
  if (isRelocatable())
    return Error::success();
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return PhdrsOrErr.takeError();
  bool FromSegments = Regions.empty();
  for (const ELFT::Phdr &P : *PhdrsOrErr) {
    if (P.p_type == ELF::PT_TLS)
      Tls = TlsSegment{P.p_memsz, P.p_filesz, P.p_align, P.p_vaddr};
    if (!FromSegments || P.p_type != ELF::PT_LOAD || !(P.p_flags & ELF::PF_X) ||
        P.p_filesz == 0)
      continue;
    Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSegmentContents(P);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    Region R;
    R.Name = "PT_LOAD";
    R.Address = P.p_vaddr;
    R.FileOffset = P.p_offset;
    R.Bytes = *BytesOrErr;
    if (R.end() < R.Address)
      return createStringError("a PT_LOAD segment wraps around the address "
                               "space");
    Regions.push_back(R);
  }
  if (Tls && Tls->Align > 1 && !isPowerOf2_64(Tls->Align))
    return createStringError("the alignment of PT_TLS is not a power of two");
  return Error::success();
}

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

Error ElfObject::readRelocations() {
  Relocations.resize(Regions.size());
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    if (S.sh_type != ELF::SHT_RELA && S.sh_type != ELF::SHT_REL &&
        S.sh_type != ELF::SHT_CREL)
      continue;
    int RegionIndex = regionOfSection(S.sh_info);
    if (RegionIndex < 0)
      continue;
    const Region &R = Regions[RegionIndex];
    if (S.sh_type != ELF::SHT_RELA)
      return createStringError("the relocations of section " + R.Name +
                               " are of a kind that is not supported (REL or "
                               "CREL); assemble with RELA relocations");
    Expected<ELFT::RelaRange> RelasOrErr = File.relas(S);
    if (!RelasOrErr)
      return RelasOrErr.takeError();
    std::vector<Relocation> &List = Relocations[RegionIndex];
    for (const auto &[Index, Rela] : enumerate(*RelasOrErr)) {
      if (Rela.r_offset >= R.Bytes.size())
        return createStringError("relocation " + Twine(Index) + " of section " +
                                 R.Name + " lies outside of the section");
      List.push_back({Rela.r_offset, Rela.getType(false), Rela.getSymbol(false),
                      Rela.r_addend, S.sh_offset + Index * sizeof(ELFT::Rela)});
    }
    llvm::sort(List, [](const Relocation &A, const Relocation &B) {
      return std::pair(A.Address, A.EntryOffset) <
             std::pair(B.Address, B.EntryOffset);
    });
  }
  return Error::success();
}

Expected<ELFT::DynRange> ElfObject::dynamicEntries() const {
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return PhdrsOrErr.takeError();
  for (const ELFT::Phdr &P : *PhdrsOrErr)
    if (P.p_type == ELF::PT_DYNAMIC)
      if (auto BytesOrErr = File.getSegmentContents(P); !BytesOrErr)
        return BytesOrErr.takeError();
  return File.dynamicEntries();
}

Error ElfObject::readDynamicRelocations() {
  Relocations.resize(Regions.size());
  // Only thread-local ones: a large library has millions of relative ones.
  auto Add = [&](ArrayRef<ELFT::Rela> Relas) {
    for (const ELFT::Rela &R : Relas)
      switch (R.getType(false)) {
      case ELF::R_X86_64_TPOFF64:
      case ELF::R_X86_64_DTPMOD64:
      case ELF::R_X86_64_DTPOFF64:
      case ELF::R_X86_64_TLSDESC:
        DynamicRelocations[R.r_offset] = &R;
      }
  };
  Expected<ELFT::DynRange> DynOrErr = dynamicEntries();
  if (!DynOrErr) // An image without a dynamic table has no relocations.
    return consumeError(DynOrErr.takeError()), Error::success();
  uint64_t Rela = 0, RelaSize = 0, Plt = 0, PltSize = 0;
  for (const ELFT::Dyn &D : *DynOrErr)
    switch (D.d_tag) {
    case ELF::DT_RELA:
      Rela = D.d_un.d_ptr;
      break;
    case ELF::DT_RELASZ:
      RelaSize = D.d_un.d_val;
      break;
    case ELF::DT_JMPREL:
      Plt = D.d_un.d_ptr;
      break;
    case ELF::DT_PLTRELSZ:
      PltSize = D.d_un.d_val;
      break;
    }
  for (auto [Address, Size] : {std::pair(Rela, RelaSize), {Plt, PltSize}}) {
    if (!Address || !Size)
      continue;
    Expected<const uint8_t *> DataOrErr = File.toMappedAddr(Address);
    if (!DataOrErr)
      return DataOrErr.takeError();
    uint64_t Room = File.end() - *DataOrErr;
    if (*DataOrErr < File.base() || *DataOrErr > File.end() || Size > Room)
      return createStringError("the dynamic relocations go past the end of the "
                               "file");
    Add(ArrayRef(reinterpret_cast<const ELFT::Rela *>(*DataOrErr),
                 Size / sizeof(ELFT::Rela)));
  }
  return Error::success();
}

ArrayRef<Relocation> ElfObject::relocations(unsigned R, uint64_t From,
                                            uint64_t To) const {
  ArrayRef<Relocation> List = Relocations[R];
  auto Less = [](const Relocation &X, uint64_t A) { return X.Address < A; };
  auto *B = std::lower_bound(List.begin(), List.end(), From, Less);
  auto *E = std::lower_bound(B, List.end(), To, Less);
  return ArrayRef(B, E);
}

const ELFT::Sym *ElfObject::symbol(uint32_t Index) const {
  return Index < SymbolTable.size() ? &SymbolTable[Index] : nullptr;
}

StringRef ElfObject::symbolName(uint32_t Index) const {
  const ELFT::Sym *Sym = symbol(Index);
  if (!Sym)
    return "";
  if (Sym->getType() == ELF::STT_SECTION) {
    Expected<const ELFT::Shdr *> ShdrOrErr = File.getSection(Sym->st_shndx);
    if (!ShdrOrErr)
      return consumeError(ShdrOrErr.takeError()), "";
    Expected<StringRef> NameOrErr = File.getSectionName(**ShdrOrErr);
    if (!NameOrErr)
      return consumeError(NameOrErr.takeError()), "";
    return *NameOrErr;
  }
  Expected<StringRef> NameOrErr = Sym->getName(StringTable);
  if (!NameOrErr)
    return consumeError(NameOrErr.takeError()), "";
  return *NameOrErr;
}

const Symbol *ElfObject::enclosing(unsigned R, uint64_t Address) const {
  ArrayRef<Symbol> List = Symbols[R];
  auto *It = llvm::upper_bound(
      List, Address, [](uint64_t A, const Symbol &S) { return A < S.Address; });
  const Symbol *Best = nullptr;
  // Among the symbols at or before the address prefer a named function whose
  // size covers it; look back only a little way past labels inside functions.
  for (unsigned Steps = 0; It != List.begin() && Steps < 64; ++Steps) {
    --It;
    if (It->isFunction() && !It->Name.empty() &&
        (It->Size == 0 || Address - It->Address < It->Size))
      return &*It;
    if (!Best || (Best->Name.empty() && Best->Address == It->Address))
      Best = &*It;
  }
  return Best;
}

std::string ElfObject::symbolize(unsigned R, uint64_t Address) const {
  const Symbol *S = enclosing(R, Address);
  if (!S || S->Name.empty())
    return "";
  return (S->Name + "+0x" + utohexstr(Address - S->Address, true)).str();
}

std::string ElfObject::describe(unsigned R, uint64_t Address) const {
  const Region &Reg = Regions[R];
  std::string Text =
      (Reg.Name + "+0x" + utohexstr(Address - Reg.Address, true)).str();
  if (std::string S = symbolize(R, Address); !S.empty())
    Text += " (" + S + ")";
  return Text;
}

const ELFT::Rela *ElfObject::dynamicRelocation(uint64_t Address) const {
  auto It = DynamicRelocations.find(Address);
  return It == DynamicRelocations.end() ? nullptr : It->second;
}

const ELFT::Rela *ElfObject::relocationAt(uint32_t Section,
                                          uint64_t Offset) const {
  auto [Cached, New] = DataRelocations.try_emplace(Section);
  if (New) {
    Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
    if (!SectionsOrErr)
      return consumeError(SectionsOrErr.takeError()), nullptr;
    for (const ELFT::Shdr &S : *SectionsOrErr) {
      if (S.sh_type != ELF::SHT_RELA || S.sh_info != Section)
        continue;
      Expected<ELFT::RelaRange> RelasOrErr = File.relas(S);
      if (!RelasOrErr)
        return consumeError(RelasOrErr.takeError()), nullptr;
      for (const ELFT::Rela &R : *RelasOrErr)
        Cached->second[R.r_offset] = &R;
    }
  }
  auto It = Cached->second.find(Offset);
  return It == Cached->second.end() ? nullptr : It->second;
}

ArrayRef<uint8_t> ElfObject::bytesAt(uint64_t Address, uint64_t Size) const {
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return consumeError(PhdrsOrErr.takeError()), ArrayRef<uint8_t>();
  for (const ELFT::Phdr &P : *PhdrsOrErr) {
    if (P.p_type != ELF::PT_LOAD || Address < P.p_vaddr ||
        Address - P.p_vaddr >= P.p_filesz)
      continue;
    uint64_t Skip = Address - P.p_vaddr;
    Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSegmentContents(P);
    if (!BytesOrErr)
      return consumeError(BytesOrErr.takeError()), ArrayRef<uint8_t>();
    if (BytesOrErr->size() - Skip < Size)
      return {};
    return BytesOrErr->slice(Skip, Size);
  }
  return {};
}

std::optional<uint64_t> ElfObject::read64(uint64_t Address) const {
  ArrayRef<uint8_t> Bytes = bytesAt(Address, 8);
  if (Bytes.empty())
    return std::nullopt;
  return support::endian::read64le(Bytes.data());
}

std::optional<uint32_t> ElfObject::read32(uint64_t Address) const {
  ArrayRef<uint8_t> Bytes = bytesAt(Address, 4);
  if (Bytes.empty())
    return std::nullopt;
  return support::endian::read32le(Bytes.data());
}

} // namespace segshift
