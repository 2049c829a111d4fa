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

namespace {
// One section of marks: records of one or more distances and then a kind. A
// distance of 1 or 2 would lie inside of itself, so those values are kinds.
struct MarkSection {
  enum : uint32_t { Instruction = 1, RangeBounds = 2 };

  const ElfObject &Obj;
  const ELFT::Shdr &Header;
  StringRef Name;
  ArrayRef<uint8_t> Bytes;
  unsigned Word; // size of a distance
  // In an object every distance is a relocation against the code.
  std::map<uint64_t, const ELFT::Rela *> Relocs;

  struct Site {
    uint32_t Section = 0; // in objects
    uint64_t Address = 0;
  };

  Error readRelocations(uint32_t Index) {
    auto Sections = Obj.file().sections();
    if (!Sections)
      return Sections.takeError();
    for (const auto &S : *Sections) {
      if (S.sh_type != ELF::SHT_RELA || S.sh_info != Index)
        continue;
      auto Relas = Obj.file().relas(S);
      if (!Relas)
        return Relas.takeError();
      for (const ELFT::Rela &R : *Relas)
        Relocs[R.r_offset] = &R;
    }
    return Error::success();
  }

  bool isKind(uint64_t At) const {
    if (Obj.isRelocatable())
      return !Relocs.count(At);
    uint32_t Value = read32le(Bytes.data() + At);
    return Value == Instruction || Value == RangeBounds;
  }

  Expected<Site> site(uint64_t At) const {
    Site S;
    if (Obj.isRelocatable()) {
      const ELFT::Rela *R = Relocs.at(At);
      const ELFT::Sym *Sym = Obj.symbol(R->getSymbol(false));
      if (!Sym)
        return createStringError("the relocation at " + Twine(At) +
                                 " of section " + Name + " names no symbol");
      // S + A - P, and the field is at P.
      S.Address = Sym->st_value + R->r_addend;
      S.Section = Sym->st_shndx;
    } else {
      const uint8_t *P = Bytes.data() + At;
      S.Address = Header.sh_addr + At +
                  (Word == 8 ? read64le(P) : int64_t(int32_t(read32le(P))));
    }
    return S;
  }

  // Calls Add(kind, sites) for each record.
  Error forEach(function_ref<Error(uint32_t, ArrayRef<Site>)> Add) const {
    SmallVector<Site> Sites;
    for (uint64_t At = 0; At < Bytes.size();) {
      if (Bytes.size() - At < 4)
        return createStringError("section " + Name +
                                 " ends inside of a record");
      if (!isKind(At)) {
        if (Bytes.size() - At < Word)
          return createStringError("section " + Name +
                                   " ends inside of a record");
        auto S = site(At);
        if (!S)
          return S.takeError();
        Sites.push_back(*S);
        At += Word;
        continue;
      }
      if (Error E = Add(read32le(Bytes.data() + At), Sites))
        return E;
      Sites.clear();
      At += 4;
    }
    if (!Sites.empty())
      return createStringError("the last record of section " + Name +
                               " has no kind");
    return Error::success();
  }
};
} // namespace

Expected<Marks> Marks::read(const ElfObject &Obj) {
  Marks M;
  auto Sections = Obj.file().sections();
  if (!Sections)
    return Sections.takeError();

  // None for code that the linker discarded.
  auto RegionOf = [&](const MarkSection::Site &S) -> std::optional<unsigned> {
    for (unsigned R = 0; R < Obj.regions().size(); ++R)
      if (Obj.isRelocatable() ? Obj.regions()[R].Section == S.Section
                              : Obj.regions()[R].contains(S.Address))
        return R;
    return std::nullopt;
  };

  for (const auto &[Index, S] : enumerate(*Sections)) {
    auto Name = Obj.file().getSectionName(S);
    if (!Name)
      return Name.takeError();
    bool Wide = *Name == "segshift_fs64";
    if ((!Wide && *Name != "segshift_fs") || S.sh_type == ELF::SHT_NOBITS)
      continue;
    auto Bytes = Obj.file().getSectionContents(S);
    if (!Bytes)
      return Bytes.takeError();
    MarkSection Section{Obj, S, *Name, *Bytes, Wide ? 8u : 4u, {}};
    if (Obj.isRelocatable())
      if (Error E = Section.readRelocations(Index))
        return std::move(E);

    Error E = Section.forEach([&](uint32_t Kind,
                                  ArrayRef<MarkSection::Site> Sites) -> Error {
      if (Kind != MarkSection::Instruction && Kind != MarkSection::RangeBounds)
        return createStringError("section " + *Name +
                                 " has a record of unknown kind " +
                                 Twine(Kind));
      if (Kind == MarkSection::RangeBounds && Sites.size() % 2)
        return createStringError("section " + *Name +
                                 " has a range without an end");
      unsigned Step = Kind == MarkSection::RangeBounds ? 2 : 1;
      for (unsigned I = 0; I < Sites.size(); I += Step) {
        std::optional<unsigned> R = RegionOf(Sites[I]);
        if (!R)
          continue;
        if (Kind == MarkSection::Instruction)
          M.Instructions[{*R, Sites[I].Address}] = false;
        else
          M.Ranges[{*R, Sites[I].Address}] = Sites[I + 1].Address;
      }
      return Error::success();
    });
    if (E)
      return std::move(E);
  }
  return M;
}

bool Marks::covers(unsigned Region, uint64_t Address) const {
  if (auto It = Instructions.find({Region, Address});
      It != Instructions.end()) {
    It->second = true;
    return true;
  }
  auto It = Ranges.upper_bound({Region, Address});
  if (It == Ranges.begin())
    return false;
  --It;
  return It->first.first == Region && Address < It->second;
}

std::vector<std::pair<unsigned, uint64_t>> Marks::unusedSites() const {
  std::vector<Place> Result;
  for (const auto &[Where, Asked] : Instructions)
    if (!Asked)
      Result.push_back(Where);
  return Result;
}

} // namespace segshift::audit
