//===- ElfRegions.cpp - where a file's code is ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Elf.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace segshift {

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

/// Adds what no section covers of an executable segment, except the headers and
/// padding. An image without section headers is read like this as a whole.
void ElfObject::addUncovered(const ELFT::Phdr &Phdr, ArrayRef<uint8_t> Bytes) {
  const ELFT::Ehdr &Header = File.getHeader();
  ELFT::ShdrRange Sections = cantFail(File.sections()); // readSections has them
  std::vector<std::pair<uint64_t, uint64_t>> Covered;   // in the file
  auto Cover = [&](uint64_t Offset, uint64_t Size) {
    if (Size)
      Covered.push_back({Offset, Offset + Size});
  };
  bool FromSegments = Regions.empty() || Regions.front().Section == 0;
  if (!FromSegments) {
    Cover(0, sizeof(Header));
    Cover(Header.e_phoff, Header.e_phnum * sizeof(ELFT::Phdr));
    Cover(Header.e_shoff, Sections.size() * sizeof(ELFT::Shdr));
    for (const ELFT::Shdr &S : Sections)
      if ((S.sh_flags & ELF::SHF_ALLOC) && S.sh_type != ELF::SHT_NOBITS)
        Cover(S.sh_offset, S.sh_size);
    llvm::sort(Covered);
  }
  uint64_t At = Phdr.p_offset, End = At + Phdr.p_filesz;
  auto Add = [&](uint64_t To) {
    if (To <= At)
      return;
    ArrayRef<uint8_t> Part = Bytes.slice(At - Phdr.p_offset, To - At);
    auto IsPadding = [](uint8_t B) { return B == 0 || B == 0x90 || B == 0xcc; };
    if (!FromSegments && all_of(Part, IsPadding))
      return;
    Region R;
    R.Name = "PT_LOAD";
    R.Address = Phdr.p_vaddr + (At - Phdr.p_offset);
    R.FileOffset = At;
    R.Bytes = Part;
    Regions.push_back(R);
  };
  for (auto [Begin, CoveredEnd] : Covered) {
    Add(std::min(Begin, End));
    At = std::max(At, std::min(CoveredEnd, End));
  }
  Add(End);
}

Error ElfObject::readSegments() {
  if (isRelocatable())
    return Error::success();
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return PhdrsOrErr.takeError();
  for (const ELFT::Phdr &P : *PhdrsOrErr) {
    if (P.p_type == ELF::PT_TLS)
      Tls = TlsSegment{P.p_memsz, P.p_filesz, P.p_align, P.p_vaddr};
    if (P.p_type != ELF::PT_LOAD || !(P.p_flags & ELF::PF_X) || !P.p_filesz)
      continue;
    Expected<ArrayRef<uint8_t>> BytesOrErr = File.getSegmentContents(P);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    if (P.p_vaddr + P.p_filesz < P.p_vaddr)
      return createStringError("a PT_LOAD segment wraps around the address "
                               "space");
    addUncovered(P, *BytesOrErr);
  }
  if (Tls && Tls->Align > 1 && !isPowerOf2_64(Tls->Align))
    return createStringError("the alignment of PT_TLS is not a power of two");
  return Error::success();
}

} // namespace segshift
