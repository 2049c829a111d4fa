//===- FSMarks.cpp - FS uses that an object marks as meant ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FSMarks.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <tuple>

using namespace llvm;
using namespace llvm::support::endian;

namespace segshift {
namespace {

struct Site {
  uint32_t Section; // in objects
  uint64_t Address;
};

/// One section of marks.
class Reader {
public:
  Reader(const ElfObject &Obj, const ELFT::Shdr &Header, StringRef Name,
         ArrayRef<uint8_t> Bytes, unsigned Width)
      : Obj(Obj), Header(Header), Name(Name), Bytes(Bytes), Width(Width) {}

  Error readRelocations(uint32_t Index) {
    Expected<ELFT::ShdrRange> Sections = Obj.file().sections();
    if (!Sections)
      return Sections.takeError();
    for (const ELFT::Shdr &S : *Sections) {
      if (S.sh_type != ELF::SHT_RELA || S.sh_info != Index)
        continue;
      Expected<ELFT::RelaRange> Relas = Obj.file().relas(S);
      if (!Relas)
        return Relas.takeError();
      for (const ELFT::Rela &R : *Relas)
        Relocs[R.r_offset] = &R;
    }
    return Error::success();
  }

  Error read(std::vector<FSMark> &Marks) const {
    if (Bytes.size() % (2 * Width))
      return error("ends inside of a pair");
    for (uint64_t At = 0; At < Bytes.size(); At += 2 * Width) {
      Expected<Site> Begin = site(At), End = site(At + Width);
      if (!Begin || !End)
        return joinErrors(Begin.takeError(), End.takeError());
      std::optional<unsigned> Region = regionOf(*Begin);
      if (!Region)
        continue; // discarded by the linker
      const segshift::Region &R = Obj.regions()[*Region];
      if (End->Section != Begin->Section || End->Address <= Begin->Address ||
          End->Address > R.end())
        return error("has a pair at offset " + Twine(At) +
                     " that is no range of code");
      Marks.push_back({*Region, Begin->Address, End->Address});
    }
    return Error::success();
  }

private:
  Error error(const Twine &What) const {
    return createStringError("section " + Name + " " + What +
                             "; was it made by another version of segshift?");
  }

  Expected<Site> site(uint64_t At) const {
    if (!Obj.isRelocatable()) {
      const uint8_t *P = Bytes.data() + At;
      int64_t Distance = Width == 8 ? static_cast<int64_t>(read64le(P))
                                    : static_cast<int32_t>(read32le(P));
      return Site{0, Header.sh_addr + At + Distance};
    }
    const ELFT::Rela *R = Relocs.lookup(At);
    const ELFT::Sym *Sym = R ? Obj.symbol(R->getSymbol(false)) : nullptr;
    if (!Sym || R->getType(false) !=
                    (Width == 8 ? ELF::R_X86_64_PC64 : ELF::R_X86_64_PC32))
      return error("has no PC-relative relocation at offset " + Twine(At));
    // S + A - P, and the distance is at P.
    return Site{Obj.symbolSection(R->getSymbol(false)),
                static_cast<uint64_t>(Sym->st_value + R->r_addend)};
  }

  std::optional<unsigned> regionOf(const Site &S) const {
    for (const auto &[Index, R] : enumerate(Obj.regions()))
      if (Obj.isRelocatable() ? R.Section == S.Section : R.contains(S.Address))
        return Index;
    return std::nullopt;
  }

  const ElfObject &Obj;
  const ELFT::Shdr &Header;
  StringRef Name;
  ArrayRef<uint8_t> Bytes;
  unsigned Width; // of a distance
  DenseMap<uint64_t, const ELFT::Rela *> Relocs;
};

} // namespace

Expected<FSMarks> FSMarks::read(const ElfObject &Obj) {
  FSMarks Result;
  Expected<ELFT::ShdrRange> Sections = Obj.file().sections();
  if (!Sections)
    return Sections.takeError();
  for (const auto &[Index, S] : enumerate(*Sections)) {
    Expected<StringRef> Name = Obj.file().getSectionName(S);
    if (!Name)
      return Name.takeError();
    bool Wide = *Name == "segshift_fs64";
    if ((!Wide && *Name != "segshift_fs") || S.sh_type == ELF::SHT_NOBITS)
      continue;
    Expected<ArrayRef<uint8_t>> Bytes = Obj.file().getSectionContents(S);
    if (!Bytes)
      return Bytes.takeError();
    Reader R(Obj, S, *Name, *Bytes, Wide ? 8 : 4);
    if (Obj.isRelocatable())
      if (Error E = R.readRelocations(Index))
        return std::move(E);
    if (Error E = R.read(Result.Marks))
      return std::move(E);
  }
  llvm::sort(Result.Marks, [](const FSMark &A, const FSMark &B) {
    return std::tie(A.Region, A.Begin) < std::tie(B.Region, B.Begin);
  });
  return Result;
}

const FSMark *FSMarks::find(unsigned Region, uint64_t Address) const {
  auto It = llvm::upper_bound(
      Marks, std::pair(Region, Address),
      [](const std::pair<unsigned, uint64_t> &Place, const FSMark &M) {
        return Place < std::pair(M.Region, M.Begin);
      });
  if (It == Marks.begin())
    return nullptr;
  --It;
  return It->Region == Region && Address < It->End ? &*It : nullptr;
}

} // namespace segshift
