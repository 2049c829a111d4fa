//===- Layout.cpp - the TLS block of an ELF file --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Layout.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace llvm::object;
using namespace llvm::ELF;

namespace segshift::tls {

const Variable *Layout::at(int64_t TpOff) const {
  for (const Variable &V : Variables)
    if (TpOff >= V.TpOff &&
        TpOff < V.TpOff + int64_t(std::max<uint64_t>(V.Size, 1)))
      return &V;
  return nullptr;
}

uint64_t blockSize(uint64_t VAddr, uint64_t MemSize, uint64_t Align) {
  uint64_t Mask = std::max<uint64_t>(Align, 1) - 1;
  return MemSize + ((0 - VAddr - MemSize) & Mask);
}

/// Where a symbol table has no room for the index of a section.
static Expected<DataRegion<ELF64LEFile::Elf_Word>>
sectionIndices(const ELF64LEFile &Elf, ELF64LEFile::Elf_Shdr_Range Shdrs,
               const ELF64LEFile::Elf_Shdr &SymbolTable) {
  for (const auto &S : Shdrs)
    if (S.sh_type == SHT_SYMTAB_SHNDX && S.sh_link < Shdrs.size() &&
        &Shdrs[S.sh_link] == &SymbolTable) {
      auto Indices = Elf.getSHNDXTable(S, Shdrs);
      if (!Indices)
        return Indices.takeError();
      return DataRegion<ELF64LEFile::Elf_Word>(*Indices);
    }
  return DataRegion<ELF64LEFile::Elf_Word>(ArrayRef<ELF64LEFile::Elf_Word>());
}

static Error readVariables(const ELF64LEFile &Elf,
                           ELF64LEFile::Elf_Shdr_Range Shdrs, Layout &L) {
  // .symtab has all that .dynsym has.
  const ELF64LEFile::Elf_Shdr *Table = nullptr;
  for (const auto &S : Shdrs)
    if (S.sh_type == SHT_SYMTAB || (S.sh_type == SHT_DYNSYM && !Table))
      Table = &S;
  if (!Table)
    return Error::success();
  L.HasSymbols = Table->sh_type == SHT_SYMTAB;

  auto Symbols = Elf.symbols(Table);
  if (!Symbols)
    return Symbols.takeError();
  auto Strings = Elf.getStringTableForSymtab(*Table);
  if (!Strings)
    return Strings.takeError();
  auto Extended = sectionIndices(Elf, Shdrs, *Table);
  if (!Extended)
    return Extended.takeError();
  for (const auto &Sym : *Symbols) {
    if (Sym.getType() != STT_TLS || Sym.st_shndx == SHN_UNDEF)
      continue;
    auto Name = Sym.getName(*Strings);
    if (!Name)
      return Name.takeError();
    Variable V;
    V.Name = Name->str();
    V.Offset = Sym.st_value;
    V.Size = Sym.st_size;
    if (L.Relocatable) {
      auto Sec = Elf.getSection(Sym, Table, *Extended);
      if (!Sec)
        return Sec.takeError();
      if (*Sec) { // not SHN_COMMON
        auto SecName = Elf.getSectionName(**Sec);
        if (!SecName)
          return SecName.takeError();
        V.Section = SecName->str();
      }
    } else {
      V.TpOff = int64_t(V.Offset) - int64_t(L.BlockSize);
    }
    L.Variables.push_back(std::move(V));
  }
  llvm::sort(L.Variables, [](const Variable &A, const Variable &B) {
    return std::tie(A.Section, A.Offset, A.Name) <
           std::tie(B.Section, B.Offset, B.Name);
  });
  return Error::success();
}

Expected<Layout> readLayout(const ELF64LEFile &Elf) {
  Layout L;
  uint64_t Start = 0; // of PT_TLS in the file
  L.Relocatable = Elf.getHeader().e_type == ET_REL;

  if (!L.Relocatable) {
    auto Phdrs = Elf.program_headers();
    if (!Phdrs)
      return Phdrs.takeError();
    for (const auto &P : *Phdrs) {
      if (P.p_type != PT_TLS)
        continue;
      if (L.HasTls)
        return createStringError("more than one PT_TLS segment");
      if (P.p_memsz > (uint64_t(1) << 46))
        return createStringError("PT_TLS has size " + Twine(P.p_memsz) +
                                 ", which no address space holds");
      L.HasTls = true;
      Start = P.p_offset;
      L.VAddr = P.p_vaddr;
      L.FileSize = P.p_filesz;
      L.MemSize = P.p_memsz;
      L.Align = std::max<uint64_t>(P.p_align, 1);
      L.BlockSize = blockSize(L.VAddr, L.MemSize, L.Align);
    }
  }

  auto Shdrs = Elf.sections();
  if (!Shdrs)
    return Shdrs.takeError();
  // By the place in the file: .tbss has none, and shares its addresses with
  // what follows.
  if (L.HasTls)
    for (const auto &S : *Shdrs)
      if ((S.sh_flags & SHF_ALLOC) && !(S.sh_flags & SHF_TLS) &&
          S.sh_type != SHT_NOBITS && S.sh_size && S.sh_offset >= Start &&
          S.sh_offset - Start < L.FileSize) {
        auto Name = Elf.getSectionName(S);
        if (!Name)
          return Name.takeError();
        return createStringError(
            "PT_TLS holds the section " + *Name +
            ", which is not thread-local, so that all offsets from the thread "
            "pointer are wrong: in the linker script, name a segment for each "
            "section behind .tbss");
      }
  if (L.Relocatable)
    for (const auto &S : *Shdrs) {
      if (!(S.sh_flags & SHF_TLS))
        continue;
      auto Name = Elf.getSectionName(S);
      if (!Name)
        return Name.takeError();
      L.HasTls = true;
      L.Sections.push_back({Name->str(), S.sh_size,
                            std::max<uint64_t>(S.sh_addralign, 1),
                            S.sh_type == SHT_NOBITS});
    }
  if (Error E = readVariables(Elf, *Shdrs, L))
    return std::move(E);
  return L;
}

} // namespace segshift::tls
