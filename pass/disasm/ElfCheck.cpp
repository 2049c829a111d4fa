//===- ElfCheck.cpp - whether a file holds what it says ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ElfCheck.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace segshift {

std::optional<unsigned> relocationSize(uint32_t Type) {
  // Types that psABI versions have dropped or added, and GNU's, which LLVM does
  // not name.
  enum { PC32_BND = 39, PLT32_BND = 40, CODE_5_GOTPCRELX = 46 };
  enum { CODE_6_GOTPC32_TLSDESC = 51, VTINHERIT = 250, VTENTRY = 251 };
  switch (Type) {
  case ELF::R_X86_64_NONE:
  case ELF::R_X86_64_TLSDESC_CALL:
  case VTINHERIT:
  case VTENTRY:
    return 0;
  case ELF::R_X86_64_8:
  case ELF::R_X86_64_PC8:
    return 1;
  case ELF::R_X86_64_16:
  case ELF::R_X86_64_PC16:
    return 2;
  case ELF::R_X86_64_TLSDESC:
    return 16;
  case ELF::R_X86_64_64:
  case ELF::R_X86_64_PC64:
  case ELF::R_X86_64_GOT64:
  case ELF::R_X86_64_GOTOFF64:
  case ELF::R_X86_64_GOTPC64:
  case ELF::R_X86_64_GOTPCREL64:
  case ELF::R_X86_64_GOTPLT64:
  case ELF::R_X86_64_PLTOFF64:
  case ELF::R_X86_64_TPOFF64:
  case ELF::R_X86_64_DTPOFF64:
  case ELF::R_X86_64_DTPMOD64:
  case ELF::R_X86_64_SIZE64:
  case ELF::R_X86_64_GLOB_DAT:
  case ELF::R_X86_64_JUMP_SLOT:
  case ELF::R_X86_64_RELATIVE:
  case ELF::R_X86_64_IRELATIVE:
    return 8;
  default:
    bool Known = Type <= PLT32_BND || Type == ELF::R_X86_64_GOTPCRELX ||
                 Type == ELF::R_X86_64_REX_GOTPCRELX ||
                 (Type >= ELF::R_X86_64_CODE_4_GOTPCRELX &&
                  Type <= CODE_6_GOTPC32_TLSDESC);
    return Known ? std::optional(4u) : std::nullopt;
  }
}

namespace {

bool isForImages(uint32_t Type) {
  switch (Type) {
  case ELF::R_X86_64_COPY:
  case ELF::R_X86_64_GLOB_DAT:
  case ELF::R_X86_64_JUMP_SLOT:
  case ELF::R_X86_64_RELATIVE:
  case ELF::R_X86_64_IRELATIVE:
    return true;
  default:
    return false;
  }
}

bool isSymbolTable(const ELFT::Shdr &S) {
  return S.sh_type == ELF::SHT_SYMTAB || S.sh_type == ELF::SHT_DYNSYM;
}

/// SHN_X86_64_LCOMMON of the psABI.
constexpr uint16_t LargeCommon = 0xff02;

class TableChecker {
public:
  TableChecker(const ELFFile &File, ELFT::ShdrRange Sections)
      : File(File), Sections(Sections),
        IsObject(File.getHeader().e_type == ELF::ET_REL) {}

  Error run();

private:
  Error checkSection(uint32_t Index);
  Error checkSymbols(uint32_t Index);
  Error checkRelocations(uint32_t Index);
  Error checkField(uint32_t Index, size_t Number, const ELFT::Rela &R,
                   const ELFT::Shdr &Target);
  Error checkGroup(uint32_t Index);

  /// `section .rela.text`, or `section [3]` without a name.
  std::string name(uint32_t Index) const {
    Expected<StringRef> NameOrErr = File.getSectionName(Sections[Index]);
    if (NameOrErr && !NameOrErr->empty())
      return "section " + NameOrErr->str();
    consumeError(NameOrErr.takeError());
    return "section [" + std::to_string(Index) + "]";
  }
  Error fail(uint32_t Index, const Twine &What) const {
    return createStringError(name(Index) + " " + What);
  }
  /// The number of symbols in the table \p Index, or 0.
  uint64_t symbols(uint32_t Index) const {
    return isSymbolTable(Sections[Index])
               ? Sections[Index].sh_size / sizeof(ELFT::Sym)
               : 0;
  }

  const ELFFile &File;
  ELFT::ShdrRange Sections;
  bool IsObject;
  uint32_t SymbolTable = 0;
};

Error TableChecker::checkSection(uint32_t Index) {
  const ELFT::Shdr &S = Sections[Index];
  if (Expected<StringRef> NameOrErr = File.getSectionName(S); !NameOrErr)
    return NameOrErr.takeError();
  if (S.sh_type != ELF::SHT_NOBITS)
    if (Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSectionContents(S);
        !BytesOrErr)
      return BytesOrErr.takeError();
  if (S.sh_link >= Sections.size())
    return fail(Index, "is linked to section " + Twine(S.sh_link) +
                           ", which does not exist");
  if (S.sh_type == ELF::SHT_NULL && S.sh_size)
    return fail(Index, "has no type");
  if (S.sh_type == ELF::SHT_REL)
    if (Expected<ELFT::RelRange> RelsOrErr = File.rels(S); !RelsOrErr)
      return RelsOrErr.takeError();
  if (S.sh_addralign > 1 && !isPowerOf2_64(S.sh_addralign))
    return fail(Index, "has an alignment that is not a power of two");
  return Error::success();
}

Error TableChecker::checkSymbols(uint32_t Index) {
  const ELFT::Shdr &S = Sections[Index];
  if (SymbolTable)
    return fail(Index, "is a second symbol table");
  SymbolTable = Index;
  Expected<ELFT::SymRange> SymsOrErr = File.symbols(&S);
  if (!SymsOrErr)
    return SymsOrErr.takeError();
  Expected<StringRef> NamesOrErr = File.getStringTableForSymtab(S);
  if (!NamesOrErr)
    return NamesOrErr.takeError();
  if (S.sh_info > SymsOrErr->size())
    return fail(Index, "says that " + Twine(S.sh_info) +
                           " symbols are local, but has " +
                           Twine(SymsOrErr->size()));
  bool HasExtended = any_of(Sections, [&](const ELFT::Shdr &Other) {
    return Other.sh_type == ELF::SHT_SYMTAB_SHNDX && Other.sh_link == Index;
  });
  for (const auto &[Number, Sym] : enumerate(*SymsOrErr)) {
    auto FailSymbol = [&](const Twine &What) {
      return fail(Index, "has symbol " + Twine(Number) + " " + What);
    };
    if (Sym.st_name >= std::max<size_t>(NamesOrErr->size(), 1))
      return FailSymbol("with a name that lies outside of the string table");
    if (Number && (Sym.getBinding() == ELF::STB_LOCAL) != (Number < S.sh_info))
      return FailSymbol(Number < S.sh_info
                            ? "among the local ones, which is not local"
                            : "after the local ones, which is local");
    bool Exists = Sym.st_shndx < Sections.size();
    switch (Sym.st_shndx) {
    case ELF::SHN_ABS:
    case ELF::SHN_COMMON:
    case LargeCommon:
      Exists = true;
      break;
    case ELF::SHN_XINDEX:
      Exists = HasExtended;
    }
    if (!Exists)
      return FailSymbol("in section " + Twine(Sym.st_shndx) +
                        ", which does not exist");
  }
  return Error::success();
}

/// A relocation whose target is \p Target.
Error TableChecker::checkField(uint32_t Index, size_t Number,
                               const ELFT::Rela &R, const ELFT::Shdr &Target) {
  std::optional<unsigned> Size = relocationSize(R.getType(false));
  auto FailEntry = [&](const Twine &What) {
    return createStringError("relocation " + Twine(Number) + " of " +
                             name(IsObject ? Sections[Index].sh_info : Index) +
                             " " + What);
  };
  if (!Size)
    return FailEntry("has type " + Twine(R.getType(false)) +
                     ", which x86-64 does not have");
  uint32_t Table = Sections[Index].sh_link;
  if (R.getSymbol(false) && (IsObject || isSymbolTable(Sections[Table])) &&
      R.getSymbol(false) >= symbols(Table))
    return FailEntry("names symbol " + Twine(R.getSymbol(false)) +
                     ", but there are " + Twine(symbols(Table)));
  if (!IsObject)
    return Error::success();
  if (isForImages(R.getType(false)))
    return FailEntry("is of a type that is for loaders only");
  if (R.r_offset > Target.sh_size || Target.sh_size - R.r_offset < *Size ||
      (Target.sh_size == R.r_offset && *Size == 0 &&
       R.getType(false) == ELF::R_X86_64_TLSDESC_CALL))
    return FailEntry("lies outside of the section");
  return Error::success();
}

Error TableChecker::checkRelocations(uint32_t Index) {
  const ELFT::Shdr &S = Sections[Index];
  Expected<ELFT::RelaRange> RelasOrErr = File.relas(S);
  if (!RelasOrErr)
    return RelasOrErr.takeError();
  if (IsObject) {
    if (S.sh_info == 0 || S.sh_info >= Sections.size())
      return fail(Index, "relocates section " + Twine(S.sh_info) +
                             ", which does not exist");
    const ELFT::Shdr &Target = Sections[S.sh_info];
    if (isSymbolTable(Target) || Target.sh_type == ELF::SHT_RELA ||
        Target.sh_type == ELF::SHT_REL || Target.sh_type == ELF::SHT_STRTAB ||
        (Target.sh_type == ELF::SHT_NULL && !RelasOrErr->empty()))
      return fail(Index, "relocates " + name(S.sh_info) +
                             ", which is not code or data");
    if (Sections[S.sh_link].sh_type != ELF::SHT_SYMTAB && !RelasOrErr->empty())
      return fail(Index, "is linked to section " + Twine(S.sh_link) +
                             ", which is not a symbol table");
  } else if (S.sh_link >= Sections.size()) {
    return Error::success(); // loaders do not look at it
  }
  const ELFT::Shdr &Target = Sections[IsObject ? S.sh_info : 0];
  for (const auto &[Number, R] : enumerate(*RelasOrErr))
    if (Error E = checkField(Index, Number, R, Target))
      return E;
  return Error::success();
}

Error TableChecker::checkGroup(uint32_t Index) {
  const ELFT::Shdr &S = Sections[Index];
  Expected<ArrayRef<ELFT::Word>> WordsOrErr =
      File.getSectionContentsAsArray<ELFT::Word>(S);
  if (!WordsOrErr)
    return WordsOrErr.takeError();
  if (WordsOrErr->empty() || WordsOrErr->front() > ELF::GRP_COMDAT)
    return fail(Index, "is a group without its flags");
  if (S.sh_info >= symbols(S.sh_link))
    return fail(Index, "is a group whose signature is symbol " +
                           Twine(S.sh_info) + ", but there are " +
                           Twine(symbols(S.sh_link)));
  for (uint32_t Member : WordsOrErr->drop_front())
    if (Member == 0 || Member >= Sections.size())
      return fail(Index, "is a group of section " + Twine(Member) +
                             ", which does not exist");
  return Error::success();
}

Error TableChecker::run() {
  for (uint32_t Index = 1; Index < Sections.size(); ++Index) {
    const ELFT::Shdr &S = Sections[Index];
    if (IsObject) {
      if (Error E = checkSection(Index))
        return E;
      if (S.sh_type == ELF::SHT_SYMTAB)
        if (Error E = checkSymbols(Index))
          return E;
      if (S.sh_type == ELF::SHT_GROUP)
        if (Error E = checkGroup(Index))
          return E;
    }
    if (S.sh_type == ELF::SHT_RELA)
      if (Error E = checkRelocations(Index))
        return E;
  }
  return Error::success();
}

} // namespace

Error checkTables(const ELFFile &File) {
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  return TableChecker(File, *SectionsOrErr).run();
}

} // namespace segshift
