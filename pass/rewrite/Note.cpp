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
  if (SectionsOrErr->size() + 1 >= ELF::SHN_LORESERVE)
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

  ELFT::Shdr Note;
  std::memset(&Note, 0, sizeof(Note));
  Note.sh_name = Names.size();
  Note.sh_type = ELF::SHT_NOTE;
  Note.sh_flags = ELF::SHF_ALLOC;
  Note.sh_addralign = 4;
  Names.append(SEGSHIFT_NOTE_SECTION, sizeof(SEGSHIFT_NOTE_SECTION));

  // New parts go to the end; the old name and section tables stay unused.
  std::string Content = noteContent();
  Bytes.resize(alignTo(Bytes.size(), 8));
  Note.sh_offset = Bytes.size();
  Note.sh_size = Content.size();
  Bytes += Content;
  Sections[StrIndex].sh_offset = Bytes.size();
  Sections[StrIndex].sh_size = Names.size();
  Bytes += Names;
  Bytes.resize(alignTo(Bytes.size(), 8));
  Header.e_shoff = Bytes.size();
  Sections.push_back(Note);
  Header.e_shnum = Sections.size();
  Bytes.append(reinterpret_cast<const char *>(Sections.data()),
               Sections.size() * sizeof(ELFT::Shdr));
  std::memcpy(Bytes.data(), &Header, sizeof(Header));
  return Error::success();
}

} // namespace segshift
