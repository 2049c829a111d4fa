//===- ElfContents.cpp - whether a file's code is in it -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ElfCheck.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace llvm;

namespace segshift {

Error checkNoIntermediateCode(const ELFFile &File) {
  if (File.getHeader().e_type != ELF::ET_REL)
    return Error::success();
  auto Fail = [](const Twine &What) {
    return createStringError(
        "holds " + What +
        ", which the link may use in place of its machine code; compile "
        "without LTO (-fno-lto), or load the plugin into the linker for "
        "Clang's (docs/plugin.md) [SEG005]");
  };
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    Expected<StringRef> NameOrErr = File.getSectionName(S);
    if (!NameOrErr)
      return NameOrErr.takeError();
    // Not .gnu.debuglto_*, which is DWARF, nor .gnu.offload_lto_*, which is for
    // another processor, nor .llvmbc, which no linker reads.
    if (NameOrErr->starts_with(".gnu.lto_"))
      return Fail("GCC's intermediate code for LTO (" + *NameOrErr + ")");
    if (S.sh_type == ELF::SHT_LLVM_LTO || *NameOrErr == ".llvm.lto")
      return Fail("LLVM bitcode for LTO (.llvm.lto)");
  }
  return Error::success();
}

/// True for an object that says that it is GCC's intermediate code only. Its
/// sections may have been stripped.
static bool isSlim(const ElfObject &Obj) {
  for (uint32_t Index = 1; const ELFT::Sym *Sym = Obj.symbol(Index); ++Index)
    if (Sym->st_shndx == ELF::SHN_COMMON &&
        Obj.symbolName(Index) == "__gnu_lto_slim")
      return true;
  return false;
}

/// True for what `objcopy --only-keep-debug` leaves: nothing that is loaded
/// but notes.
static bool isDebugFile(ELFT::ShdrRange Sections) {
  return any_of(Sections,
                [](const ELFT::Shdr &S) {
                  return S.sh_type == ELF::SHT_NOBITS && S.sh_size &&
                         (S.sh_flags & ELF::SHF_EXECINSTR);
                }) &&
         none_of(Sections, [](const ELFT::Shdr &S) {
           return (S.sh_flags & ELF::SHF_ALLOC) && S.sh_size &&
                  S.sh_type != ELF::SHT_NOBITS && S.sh_type != ELF::SHT_NOTE;
         });
}

/// A section that is loaded, has bytes in the file and is not executable.
static bool isData(const ELFT::Shdr &S) {
  return (S.sh_flags & ELF::SHF_ALLOC) && !(S.sh_flags & ELF::SHF_EXECINSTR) &&
         S.sh_type != ELF::SHT_NOBITS;
}

/// Functions and the entry point of an image are code, whatever the flags of
/// their section say: a kernel runs before the page tables forbid it.
static Error checkFunctions(const ElfObject &Obj, ELFT::ShdrRange Sections) {
  const ELFFile &File = Obj.file();
  auto Fail = [&](const Twine &What, const ELFT::Shdr &S) -> Error {
    Expected<StringRef> NameOrErr = File.getSectionName(S);
    if (!NameOrErr)
      return NameOrErr.takeError();
    return createStringError(
        What + " lies in section " + *NameOrErr +
        ", which is not marked executable, so that nothing in it is read; "
        "declare the section as code (in assembly: .section " +
        *NameOrErr + ", \"ax\")");
  };
  for (const ELFT::Shdr &Table : Sections) {
    if (Table.sh_type != ELF::SHT_SYMTAB && Table.sh_type != ELF::SHT_DYNSYM)
      continue;
    Expected<ELFT::SymRange> SymsOrErr = File.symbols(&Table);
    if (!SymsOrErr)
      return SymsOrErr.takeError();
    Expected<StringRef> NamesOrErr = File.getStringTableForSymtab(Table);
    if (!NamesOrErr)
      return NamesOrErr.takeError();
    for (const ELFT::Sym &Sym : *SymsOrErr) {
      bool IsFunction =
          Sym.getType() == ELF::STT_FUNC || Sym.getType() == ELF::STT_GNU_IFUNC;
      if (!IsFunction || !Sym.st_size || Sym.st_shndx >= Sections.size() ||
          !isData(Sections[Sym.st_shndx]))
        continue;
      Expected<StringRef> NameOrErr = Sym.getName(*NamesOrErr);
      if (!NameOrErr)
        return NameOrErr.takeError();
      return Fail("function '" + *NameOrErr + "'", Sections[Sym.st_shndx]);
    }
  }
  uint64_t Entry = File.getHeader().e_entry;
  if (Obj.isRelocatable() || !Entry)
    return Error::success();
  for (const ELFT::Shdr &S : Sections)
    if (isData(S) && Entry >= S.sh_addr && Entry - S.sh_addr < S.sh_size)
      return Fail("the entry point", S);
  return Error::success();
}

Error checkCodeIsThere(const ElfObject &Obj) {
  Expected<ELFT::ShdrRange> SectionsOrErr = Obj.file().sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  if (Obj.isRelocatable() && SectionsOrErr->empty())
    return createStringError("a relocatable object without section headers, "
                             "in which no linker finds anything");
  if (Obj.isRelocatable() && Obj.regions().empty() && isSlim(Obj))
    return createStringError("had GCC's intermediate code for LTO, which was "
                             "stripped, and has no machine code "
                             "(__gnu_lto_slim); compile anew [SEG005]");
  if (isDebugFile(*SectionsOrErr))
    return createStringError("a separate debug file: its code is in the file "
                             "that it was split from; give that");
  if (Error E = checkFunctions(Obj, *SectionsOrErr))
    return E;
  uint64_t Entry = Obj.file().getHeader().e_entry;
  if (!Obj.isRelocatable() && Entry && Obj.regions().empty())
    return createStringError("no section and no segment is executable, but "
                             "there is an entry point, 0x" +
                             utohexstr(Entry, true));
  return Error::success();
}

Error checkSegments(const ELFFile &File) {
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return PhdrsOrErr.takeError();
  SmallVector<std::pair<uint64_t, size_t>, 16> ByAddress;
  for (const auto &[Index, P] : enumerate(*PhdrsOrErr))
    if (P.p_type == ELF::PT_LOAD && P.p_filesz)
      ByAddress.push_back({P.p_vaddr, Index});
  llvm::sort(ByAddress);
  for (size_t Next = 1; Next < ByAddress.size(); ++Next) {
    size_t First = ByAddress[Next - 1].second, Second = ByAddress[Next].second;
    const ELFT::Phdr &A = (*PhdrsOrErr)[First], &B = (*PhdrsOrErr)[Second];
    if (B.p_vaddr - A.p_vaddr < A.p_filesz &&
        B.p_vaddr - A.p_vaddr != B.p_offset - A.p_offset)
      return createStringError(
          "the PT_LOAD segments " + Twine(First) + " and " + Twine(Second) +
          " overlap at address 0x" + utohexstr(B.p_vaddr, true) +
          ", with different bytes");
  }
  return Error::success();
}

} // namespace segshift
