//===- Note.cpp - the note of rewritten objects --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Note.h"
#include "segshift/abi.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;

namespace segshift {

/// What made the object (docs/abi.md): word 1 of the note's description.
static constexpr uint32_t MadeByRewrite = 2;

static std::string noteContent() {
  StringRef Owner(SEGSHIFT_NOTE_NAME, sizeof(SEGSHIFT_NOTE_NAME)); // with NUL
  std::string Note;
  auto Word = [&](uint32_t Value) {
    char Bytes[4];
    support::endian::write32le(Bytes, Value);
    Note.append(Bytes, 4);
  };
  Word(Owner.size());
  Word(8); // size of the description
  Word(SEGSHIFT_NOTE_TYPE);
  Note += Owner;
  Note.resize(alignTo(Note.size(), 4));
  Word(SEGSHIFT_ABI_VERSION);
  Word(MadeByRewrite);
  return Note;
}

Error addNote(StringRef Name, std::string &Bytes) {
  auto Fail = [&](const Twine &What) {
    return createStringError(Name + ": --note: " + What + " [SEG232]");
  };
  Expected<ELFFile> FileOrErr = ELFFile::create(Bytes);
  if (!FileOrErr)
    return FileOrErr.takeError();
  Expected<ELFT::ShdrRange> SectionsOrErr = FileOrErr->sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  ELFT::Ehdr Header = FileOrErr->getHeader();
  uint32_t StrIndex = Header.e_shstrndx;
  if (SectionsOrErr->empty() || StrIndex == 0 ||
      StrIndex >= SectionsOrErr->size())
    return Fail("the object has no section name table");
  if (SectionsOrErr->size() + 2 >= ELF::SHN_LORESERVE)
    return Fail("the object has too many sections");
  std::vector<ELFT::Shdr> Sections(SectionsOrErr->begin(),
                                   SectionsOrErr->end());
  for (const ELFT::Shdr &S : Sections) {
    Expected<StringRef> NameOrErr = FileOrErr->getSectionName(S);
    if (!NameOrErr)
      return NameOrErr.takeError();
    if (*NameOrErr == SEGSHIFT_NOTE_SECTION)
      return Error::success();
  }
  Expected<ArrayRef<uint8_t>> NamesOrErr =
      FileOrErr->getSectionContents(Sections[StrIndex]);
  if (!NamesOrErr)
    return NamesOrErr.takeError();
  std::string Names(NamesOrErr->begin(), NamesOrErr->end());

  // New parts go to the end; the old name and section tables stay unused.
  auto Append = [&](StringRef Section, uint32_t Type, uint64_t Align,
                    StringRef Content) {
    ELFT::Shdr S;
    std::memset(&S, 0, sizeof(S));
    S.sh_name = Names.size();
    S.sh_type = Type;
    S.sh_addralign = Align;
    Names += Section;
    Names += '\0';
    Bytes.resize(alignTo(Bytes.size(), 8));
    S.sh_offset = Bytes.size();
    S.sh_size = Content.size();
    Bytes += Content;
    return S;
  };
  const std::string Content = noteContent();
  ELFT::Shdr Note = Append(SEGSHIFT_NOTE_SECTION, ELF::SHT_NOTE, 4, Content);
  Note.sh_flags = ELF::SHF_ALLOC | ELF::SHF_MERGE;
  Note.sh_entsize = Content.size();
  const ELFT::Shdr Mark =
      Append(SEGSHIFT_OBJECT_SECTION, ELF::SHT_PROGBITS, 1, StringRef("\2", 1));
  Sections[StrIndex].sh_offset = Bytes.size();
  Sections[StrIndex].sh_size = Names.size();
  Bytes += Names;
  Bytes.resize(alignTo(Bytes.size(), 8));
  Header.e_shoff = Bytes.size();
  Sections.push_back(Note);
  Sections.push_back(Mark);
  Header.e_shnum = Sections.size();
  Bytes.append(reinterpret_cast<const char *>(Sections.data()),
               Sections.size() * sizeof(ELFT::Shdr));
  std::memcpy(Bytes.data(), &Header, sizeof(Header));
  return Error::success();
}

} // namespace segshift
