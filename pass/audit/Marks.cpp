// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Marks.h"
#include "segshift/abi.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace llvm::support::endian;

namespace segshift::audit {

// In an image without section headers the notes are found by PT_NOTE.
Expected<Notes> readNotes(const ElfObject &Obj) {
  Notes N;
  const ELFFile &File = Obj.file();
  auto Read = [&](const auto &Header) -> Error {
    Error Err = Error::success();
    for (const auto &Note : File.notes(Header, Err)) {
      if (Note.getName() != SEGSHIFT_NOTE_NAME ||
          Note.getType() != SEGSHIFT_NOTE_TYPE)
        continue;
      ArrayRef<uint8_t> Desc = Note.getDesc(4);
      uint32_t Version = Desc.size() >= 4 ? read32le(Desc.data()) : 0;
      if (Version == SEGSHIFT_ABI_VERSION)
        ++N.Count;
      else
        N.Versions.push_back(Version);
    }
    return Err;
  };

  auto Sections = File.sections();
  if (!Sections)
    return Sections.takeError();
  for (const auto &S : *Sections) {
    if (S.sh_type != ELF::SHT_NOTE)
      continue;
    auto Name = File.getSectionName(S);
    if (!Name)
      return Name.takeError();
    // Other notes may be odd without being our business.
    if (*Name == SEGSHIFT_NOTE_SECTION)
      if (Error E = Read(S))
        return createStringError(SEGSHIFT_NOTE_SECTION ": " +
                                 toString(std::move(E)));
  }
  if (!Sections->empty())
    return N;
  auto Segments = File.program_headers();
  if (!Segments)
    return Segments.takeError();
  for (const auto &P : *Segments)
    if (P.p_type == ELF::PT_NOTE)
      if (Error E = Read(P))
        consumeError(std::move(E));
  return N;
}

Expected<Marks> Marks::read(const ElfObject &Obj) {
  enum : uint32_t { Instruction = 1, BlobBegin = 2, BlobEnd = 3 };
  Marks M;
  const ELFFile &File = Obj.file();
  auto Sections = File.sections();
  if (!Sections)
    return Sections.takeError();

  auto RegionOf = [&](uint32_t Section,
                      uint64_t Address) -> std::optional<unsigned> {
    for (unsigned R = 0; R < Obj.regions().size(); ++R)
      if (Obj.isRelocatable() ? Obj.regions()[R].Section == Section
                              : Obj.regions()[R].contains(Address))
        return R;
    return std::nullopt;
  };

  for (const auto &[Index, S] : enumerate(*Sections)) {
    auto Name = File.getSectionName(S);
    if (!Name)
      return Name.takeError();
    bool Wide = *Name == "segshift_fs64";
    if ((!Wide && *Name != "segshift_fs") || S.sh_type == ELF::SHT_NOBITS)
      continue;
    auto Bytes = File.getSectionContents(S);
    if (!Bytes)
      return Bytes.takeError();
    unsigned Word = Wide ? 8 : 4, Entry = Word + 4;
    if (Bytes->size() % Entry)
      return createStringError(
          "section " + *Name + " has " + Twine(Bytes->size()) +
          " bytes, which is no multiple of " + Twine(Entry));

    // In an object the distance is a relocation against the code.
    std::map<uint64_t, const ELFT::Rela *> Relocs;
    if (Obj.isRelocatable())
      for (const auto &T : *Sections) {
        if (T.sh_type != ELF::SHT_RELA || T.sh_info != Index)
          continue;
        auto Relas = File.relas(T);
        if (!Relas)
          return Relas.takeError();
        for (const ELFT::Rela &R : *Relas)
          Relocs[R.r_offset] = &R;
      }

    for (uint64_t At = 0; At < Bytes->size(); At += Entry) {
      const uint8_t *P = Bytes->data() + At;
      uint64_t Address =
          S.sh_addr + At +
          (Wide ? int64_t(read64le(P)) : int64_t(int32_t(read32le(P))));
      uint32_t Section = 0;
      if (Obj.isRelocatable()) {
        const ELFT::Rela *R = Relocs.count(At) ? Relocs[At] : nullptr;
        const ELFT::Sym *Sym = R ? Obj.symbol(R->getSymbol(false)) : nullptr;
        if (!Sym)
          return createStringError("entry " + Twine(At / Entry) +
                                   " of section " + *Name +
                                   " has no relocation");
        // S + A - P, and the field is the entry itself.
        Address = Sym->st_value + R->r_addend;
        Section = Sym->st_shndx;
      }
      std::optional<unsigned> Region = RegionOf(Section, Address);
      if (!Region)
        continue; // its code was discarded
      switch (read32le(P + Word)) {
      case Instruction:
        M.Instructions[{*Region, Address}];
        break;
      case BlobBegin:
        M.Blobs[{*Region, Address}] = true;
        break;
      case BlobEnd:
        // Where one ends and the next begins, the begin counts.
        M.Blobs.try_emplace({*Region, Address}, false);
        break;
      default:
        return createStringError("entry " + Twine(At / Entry) + " of section " +
                                 *Name + " has unknown kind " +
                                 Twine(read32le(P + Word)));
      }
    }
  }
  return M;
}

bool Marks::covers(unsigned Region, uint64_t Address,
                   uint64_t FunctionBegin) const {
  if (auto It = Instructions.find({Region, Address});
      It != Instructions.end()) {
    It->second.Asked = true;
    return true;
  }
  auto It = Blobs.upper_bound({Region, Address});
  if (It == Blobs.begin())
    return false;
  --It;
  return It->first.first == Region && It->first.second >= FunctionBegin &&
         It->second;
}

std::vector<std::pair<unsigned, uint64_t>> Marks::unusedSites() const {
  std::vector<Place> Result;
  for (const auto &[Where, S] : Instructions)
    if (!S.Asked)
      Result.push_back(Where);
  return Result;
}

} // namespace segshift::audit
