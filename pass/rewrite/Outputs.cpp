//===- Outputs.cpp - planned inputs become output files -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Outputs.h"
#include "Note.h"
#include "Writer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Path.h"
#include <map>
#include <set>

using namespace llvm;

namespace segshift {

/// The member's new content, with a note when asked for.
static Expected<std::string> newContent(const Member &M, const MemberPlan &P,
                                        bool Note) {
  std::string Bytes = applyEdits(M.Bytes, P.ThePlan.Edits);
  if (Note && P.IsRelocatable)
    if (Error E = addNote(M.Name, Bytes))
      return std::move(E);
  return std::move(Bytes);
}

/// Makes a new archive, for when members change their size or their place.
static Expected<std::unique_ptr<MemoryBuffer>>
newArchive(const PlannedInput &Planned, bool Note) {
  const Input &In = Planned.In;
  std::vector<NewArchiveMember> Members;
  Error Err = Error::success();
  size_t Index = 0;
  for (const object::Archive::Child &C : In.TheArchive->children(Err)) {
    Expected<NewArchiveMember> NewOrErr =
        NewArchiveMember::getOldMember(C, /*Deterministic=*/false);
    if (!NewOrErr)
      return joinErrors(std::move(Err), NewOrErr.takeError());
    Expected<std::string> BytesOrErr =
        newContent(In.Members[Index], Planned.Plans[Index], Note);
    ++Index;
    if (!BytesOrErr)
      return joinErrors(std::move(Err), BytesOrErr.takeError());
    // The name lives in the buffer that is replaced.
    std::string Name = NewOrErr->MemberName.str();
    if (In.isThin())
      Name = sys::path::filename(Name).str();
    NewOrErr->Buf = MemoryBuffer::getMemBufferCopy(*BytesOrErr, Name);
    NewOrErr->MemberName = NewOrErr->Buf->getBufferIdentifier();
    Members.push_back(std::move(*NewOrErr));
  }
  if (Err)
    return std::move(Err);
  return writeArchiveToBuffer(Members,
                              In.TheArchive->hasSymbolTable()
                                  ? SymtabWritingMode::NormalSymtab
                                  : SymtabWritingMode::NoSymtab,
                              object::Archive::K_GNU, /*Deterministic=*/false,
                              /*Thin=*/false);
}

static Error writeInput(Writer &W, const PlannedInput &Planned, StringRef Path,
                        const OutputConfig &Config) {
  const Input &In = Planned.In;
  if (In.isThin() && Config.InPlace) {
    if (Config.Note)
      return createStringError(
          In.Path +
          ": --note would change the sizes that a thin archive "
          "holds; add the note to its members, then make it anew [SEG232]");
    std::set<std::string> Done;
    for (const auto &[M, P] : zip(In.Members, Planned.Plans))
      if (M.isELF() && Done.insert(M.Path).second)
        if (Error E = W.write(M.Path, M.Bytes, P.ThePlan.Edits, M.Path,
                              Config.KeepTimes))
          return E;
    return Error::success();
  }
  if (In.TheArchive && (Config.Note || In.isThin())) {
    Expected<std::unique_ptr<MemoryBuffer>> NewOrErr =
        newArchive(Planned, Config.Note);
    if (!NewOrErr)
      return createStringError(In.Path + ": " + toString(NewOrErr.takeError()));
    return W.write(Path, (*NewOrErr)->getBuffer(), {}, In.Path,
                   Config.KeepTimes);
  }
  if (Config.Note) {
    Expected<std::string> BytesOrErr =
        newContent(In.Members[0], Planned.Plans[0], true);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    return W.write(Path, *BytesOrErr, {}, In.Path, Config.KeepTimes);
  }
  std::vector<Edit> Edits; // members stand in the archive in order
  for (const auto &[M, P] : zip(In.Members, Planned.Plans))
    for (const Edit &E : P.ThePlan.Edits) {
      Edits.push_back(E);
      Edits.back().Offset += M.Offset;
    }
  return W.write(Path, In.Buffer->getBuffer(), Edits, In.Path,
                 Config.KeepTimes);
}

Error writeOutputs(ArrayRef<PlannedInput> Inputs, const OutputConfig &Config) {
  Writer W;
  std::map<std::string, std::string> Written;
  for (const PlannedInput &Planned : Inputs) {
    const std::string &From = Planned.In.Path;
    std::string Path = Config.InPlace ? From : Config.File;
    if (!Config.Directory.empty()) {
      SmallString<128> InDir(Config.Directory);
      sys::path::append(InDir, sys::path::filename(From));
      Path = std::string(InDir);
    }
    if (auto [It, New] = Written.insert({Path, From}); !New)
      return createStringError(Twine(From) + " and " + It->second +
                               " would both be written to " + Path +
                               " [SEG231]");
    if (Error E = writeInput(W, Planned, Path, Config))
      return E;
  }
  return W.commit();
}

} // namespace segshift
