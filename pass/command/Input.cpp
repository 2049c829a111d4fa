//===- Input.cpp - the files that a subcommand reads ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Input.h"
#include "disasm/FileFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace segshift {

static Error unreadable(StringRef Path, const Twine &Why) {
  return createStringError(Path + ": " + Why + " [SEG001]");
}

/// What is no regular file may have no end, or wait for somebody to write.
static Error checkRegular(StringRef Path) {
  sys::fs::file_status Status;
  if (std::error_code EC = sys::fs::status(Path, Status))
    return unreadable(Path, EC.message());
  switch (Status.type()) {
  case sys::fs::file_type::regular_file:
    return Error::success();
  case sys::fs::file_type::directory_file:
    return unreadable(Path, "is a directory");
  case sys::fs::file_type::character_file:
  case sys::fs::file_type::block_file:
    return unreadable(Path, "is a device, not a regular file");
  case sys::fs::file_type::fifo_file:
    return unreadable(Path, "is a pipe, not a regular file: write what comes "
                            "out of it to a file first");
  default:
    return unreadable(Path, "is not a regular file");
  }
}

static Expected<std::unique_ptr<MemoryBuffer>> readRegular(StringRef Path,
                                                           bool IsText) {
  if (Error E = checkRegular(Path))
    return std::move(E);
  auto Buffer = MemoryBuffer::getFile(Path, IsText,
                                      /*RequiresNullTerminator=*/IsText);
  if (!Buffer)
    return unreadable(Path, Buffer.getError().message());
  return std::move(*Buffer);
}

Expected<std::unique_ptr<MemoryBuffer>> readText(StringRef Path) {
  sys::fs::file_status Status;
  if (std::error_code EC = sys::fs::status(Path, Status))
    return unreadable(Path, EC.message());
  if (Status.type() != sys::fs::file_type::fifo_file &&
      Status.type() != sys::fs::file_type::character_file)
    return readRegular(Path, /*IsText=*/true);
  // /dev/null, or a pipe of the shell's: `--allow-file=<(...)`.
  constexpr size_t Most = size_t(64) << 20, Piece = 1 << 16;
  Expected<sys::fs::file_t> File = sys::fs::openNativeFileForRead(Path);
  if (!File)
    return unreadable(Path, toString(File.takeError()));
  scope_exit Close([&] { (void)sys::fs::closeFile(*File); });
  SmallString<0> Text;
  for (;;) {
    size_t Old = Text.size();
    Text.resize_for_overwrite(Old + Piece);
    Expected<size_t> Read = sys::fs::readNativeFile(
        *File, MutableArrayRef(Text.data() + Old, Piece));
    if (!Read)
      return unreadable(Path, toString(Read.takeError()));
    if (Old + *Read > Most)
      return unreadable(Path,
                        "has more than 64 MiB, and is not a regular file");
    Text.truncate(Old + *Read);
    if (!*Read)
      break;
  }
  return MemoryBuffer::getMemBufferCopy(Text, Path);
}

static void identify(Member &M) {
  if (M.Bytes.starts_with("\177ELF"))
    return;
  if (mayHoldCode(M.Bytes)) {
    M.What = Member::Content::Unreadable;
    M.Problem = toString(notElf(M.Name, M.Bytes));
  } else {
    M.What = Member::Content::Other;
    M.Problem = M.Name + ": not an ELF file; left as it is [SEG210]";
  }
}

Expected<Input> Input::open(StringRef Path) {
  auto BufferOrErr = readRegular(Path, /*IsText=*/false);
  if (!BufferOrErr)
    return BufferOrErr.takeError();
  return parse(std::move(*BufferOrErr));
}

static Error damaged(StringRef Name, Error E) {
  return createStringError(Name + ": " + toString(std::move(E)) + " [SEG006]");
}

static Expected<Member> readMember(const Input &In,
                                   const object::Archive::Child &C) {
  Member M;
  Expected<StringRef> NameOrErr = C.getName();
  if (!NameOrErr)
    return damaged(In.Path, NameOrErr.takeError());
  M.Name = In.Path + "(" + NameOrErr->str() + ")";
  if (In.isThin()) {
    Expected<std::string> FullNameOrErr = C.getFullName();
    if (!FullNameOrErr)
      return damaged(M.Name, FullNameOrErr.takeError());
    M.Path = *FullNameOrErr;
    if (Error E = checkRegular(M.Path))
      return createStringError(M.Name + ": " + toString(std::move(E)));
  }
  Expected<MemoryBufferRef> ContentOrErr = C.getMemoryBufferRef();
  if (!ContentOrErr)
    return damaged(M.Name, ContentOrErr.takeError());
  M.Bytes = ContentOrErr->getBuffer();
  if (!In.isThin())
    M.Offset = M.Bytes.begin() - In.Buffer->getBufferStart();
  return M;
}

Expected<Input> Input::parse(std::unique_ptr<MemoryBuffer> Buffer) {
  Input In;
  In.Path = Buffer->getBufferIdentifier().str();
  In.Buffer = std::move(Buffer);
  StringRef Data = In.Buffer->getBuffer();
  if (identify_magic(Data) != file_magic::archive) {
    Member M;
    M.Name = In.Path;
    M.Bytes = Data;
    identify(M);
    if (!M.isELF())
      return notElf(M.Name, Data);
    In.Members.push_back(std::move(M));
    return std::move(In);
  }

  Expected<std::unique_ptr<object::Archive>> ArchiveOrErr =
      object::Archive::create(In.Buffer->getMemBufferRef());
  if (!ArchiveOrErr)
    return damaged(In.Path, ArchiveOrErr.takeError());
  In.TheArchive = std::move(*ArchiveOrErr);
  // That a member goes past the archive's end is known when the walk goes on:
  // until then nothing of it is read.
  Error Walk = Error::success();
  for (const object::Archive::Child &C : In.TheArchive->children(Walk)) {
    Expected<Member> MemberOrErr = readMember(In, C);
    if (!MemberOrErr) {
      consumeError(std::move(Walk));
      return MemberOrErr.takeError();
    }
    In.Members.push_back(std::move(*MemberOrErr));
  }
  if (Walk)
    return damaged(In.Path, std::move(Walk));
  for (Member &M : In.Members)
    identify(M);
  if (!In.Members.empty() && all_of(In.Members, [](const Member &M) {
        return M.What == Member::Content::Other;
      }))
    return createStringError(In.Path + ": no member of the archive is an ELF "
                                       "file [SEG002]");
  return std::move(In);
}

} // namespace segshift
