//===- Marks.cpp - notes and marks of an object ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
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

bool Marks::covers(unsigned Region, uint64_t Address) {
  const FSMark *M = All.find(Region, Address);
  if (M)
    Used.insert(M);
  return M;
}

std::vector<FSMark> Marks::unused() const {
  std::vector<FSMark> Result;
  for (const FSMark &M : All.marks())
    if (!Used.contains(&M))
      Result.push_back(M);
  return Result;
}

} // namespace segshift::audit
