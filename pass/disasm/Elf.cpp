//===- Elf.cpp - what the tools need of an x86-64 ELF file ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Elf.h"
#include "ElfCheck.h"
#include "FileFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace segshift {

uint64_t TlsSegment::blockSize() const {
  // psABI TLS variant II: tlsoffset(1) is MemSize rounded up so that
  // tp - offset is congruent to the segment's address modulo its alignment.
  uint64_t A = Align > 1 ? Align : 1;
  return MemSize + ((0 - MemSize - Address) & (A - 1));
}

Expected<std::unique_ptr<ElfObject>> ElfObject::create(MemoryBufferRef Buffer) {
  StringRef Name = Buffer.getBufferIdentifier(), Data = Buffer.getBuffer();
  auto Fail = [&](Error E) {
    std::string What = toString(std::move(E));
    return createStringError(
        Name + ": " + What +
        (StringRef(What).ends_with("]") ? "" : " [SEG003]"));
  };
  if (!Data.starts_with("\177ELF"))
    return notElf(Name, Data);
  if (Error E = checkElfHeader(Data))
    return Fail(std::move(E));
  Expected<ELFFile> FileOrErr = ELFFile::create(Data);
  if (!FileOrErr)
    return Fail(FileOrErr.takeError());
  std::unique_ptr<ElfObject> O(new ElfObject(Buffer, *FileOrErr));
  if (Error E = O->readFile())
    return Fail(std::move(E));
  return std::move(O);
}

Error ElfObject::readFile() {
  if (Error E = checkNoIntermediateCode(File))
    return E;
  if (Error E = checkTables(File))
    return E;
  if (Error E = checkSegments(File))
    return E;
  if (Error E = readSections())
    return E;
  if (Error E = readSegments())
    return E;
  if (Error E = readSymbols())
    return E;
  if (Error E = isRelocatable() ? readRelocations() : readDynamicRelocations())
    return E;
  return checkCodeIsThere(*this);
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

uint32_t ElfObject::symbolSection(uint32_t Index) const {
  const ELFT::Sym *Sym = symbol(Index);
  if (!Sym)
    return 0;
  if (Sym->st_shndx == ELF::SHN_XINDEX)
    return Index < SectionIndices.size() ? uint32_t(SectionIndices[Index]) : 0;
  return Sym->st_shndx < ELF::SHN_LORESERVE ? Sym->st_shndx : 0;
}

StringRef ElfObject::symbolName(uint32_t Index) const {
  const ELFT::Sym *Sym = symbol(Index);
  if (!Sym)
    return "";
  if (Sym->getType() == ELF::STT_SECTION) {
    Expected<const ELFT::Shdr *> ShdrOrErr =
        File.getSection(symbolSection(Index));
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

ArrayRef<uint8_t> ElfObject::bytesAt(uint64_t Address) const {
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return consumeError(PhdrsOrErr.takeError()), ArrayRef<uint8_t>();
  for (const ELFT::Phdr &P : *PhdrsOrErr) {
    if (P.p_type != ELF::PT_LOAD || Address < P.p_vaddr ||
        Address - P.p_vaddr >= P.p_filesz)
      continue;
    Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSegmentContents(P);
    if (!BytesOrErr)
      return consumeError(BytesOrErr.takeError()), ArrayRef<uint8_t>();
    return BytesOrErr->drop_front(Address - P.p_vaddr);
  }
  return {};
}

ArrayRef<uint8_t> ElfObject::bytesAt(uint64_t Address, uint64_t Size) const {
  ArrayRef<uint8_t> Bytes = bytesAt(Address);
  return Bytes.size() < Size ? ArrayRef<uint8_t>() : Bytes.take_front(Size);
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
