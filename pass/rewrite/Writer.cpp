//===- Writer.cpp - output files, whole or not at all --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Writer.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;

namespace segshift {

static Error fail(StringRef Path, const Twine &What, std::error_code EC) {
  return outputError(Path, What + ": " + EC.message());
}

std::string applyEdits(StringRef Buffer, ArrayRef<Edit> Edits) {
  std::string Out = Buffer.str();
  for (const Edit &E : Edits)
    std::memcpy(Out.data() + E.Offset, E.Bytes.data(), E.Bytes.size());
  return Out;
}

Writer::~Writer() {
  for (Pending &P : Files)
    consumeError(P.Temp.discard());
}

Error Writer::write(StringRef Path, StringRef Buffer, ArrayRef<Edit> Edits,
                    StringRef Like, bool KeepTimes) {
  sys::fs::file_status InputStatus;
  if (std::error_code EC = sys::fs::status(Like, InputStatus))
    return fail(Like, "cannot read its mode", EC);
  Expected<OutputPlace> Place = resolveOutput(Path);
  if (!Place)
    return Place.takeError();
  if (Place->What != OutputPlace::Kind::File) {
    Streams.emplace_back(std::move(*Place), applyEdits(Buffer, Edits));
    return Error::success();
  }
  const std::string &Real = Place->Path;
  Expected<sys::fs::TempFile> TempOrErr =
      sys::fs::TempFile::create(Twine(Real) + ".tmp%%%%%%");
  if (!TempOrErr)
    return outputError(Path, "cannot create a temporary file beside it: " +
                                 toString(TempOrErr.takeError()));
  Files.push_back({std::move(*TempOrErr), Real});
  sys::fs::TempFile &Temp = Files.back().Temp;
  {
    raw_fd_ostream OS(Temp.FD, /*shouldClose=*/false, /*unbuffered=*/true);
    uint64_t At = 0;
    // Neighbouring edits go out together: not one system call for each.
    SmallString<0> Chunk;
    auto Flush = [&] {
      OS << Chunk;
      Chunk.clear();
    };
    for (const Edit &E : Edits) {
      StringRef Gap = Buffer.slice(At, E.Offset);
      if (Chunk.size() + Gap.size() > (1 << 16)) {
        Flush();
        OS << Gap;
      } else {
        Chunk += Gap;
      }
      Chunk.append(E.Bytes.begin(), E.Bytes.end());
      At = E.Offset + E.Bytes.size();
    }
    Flush();
    OS << Buffer.drop_front(At);
    if (std::error_code EC = OS.error()) {
      OS.clear_error();
      return fail(Path, "cannot write", EC);
    }
  }
  unsigned Mode = InputStatus.permissions() & sys::fs::all_perms;
  sys::fs::UniqueID Output;
  bool IsInput = !sys::fs::getUniqueID(Real, Output) &&
                 Output == InputStatus.getUniqueID();
  if (!IsInput)
    Mode &= ~sys::fs::getUmask();
  else // as objcopy: keep the owner where we may, set-id bits only then
    consumeError(errorCodeToError(sys::fs::changeFileOwnership(
        Temp.FD, InputStatus.getUser(), InputStatus.getGroup())));
  if (std::error_code EC =
          sys::fs::setPermissions(Temp.FD, static_cast<sys::fs::perms>(Mode)))
    return fail(Path, "cannot set its mode", EC);
  if (KeepTimes)
    if (std::error_code EC = sys::fs::setLastAccessAndModificationTime(
            Temp.FD, InputStatus.getLastAccessedTime(),
            InputStatus.getLastModificationTime()))
      return fail(Path, "cannot set its time stamps", EC);
  return Error::success();
}

Error Writer::commit() {
  for (const auto &[Place, Bytes] : Streams)
    if (Error E = writeStream(Place, [&](raw_ostream &OS) { OS << Bytes; }))
      return E;
  Streams.clear();
  while (!Files.empty()) {
    Pending &P = Files.back();
    if (Error E = P.Temp.keep(P.Path))
      return outputError(P.Path, "cannot write: " + toString(std::move(E)));
    Files.pop_back();
  }
  return Error::success();
}

} // namespace segshift
