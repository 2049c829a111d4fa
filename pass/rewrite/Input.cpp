//===- Input.cpp - files and archive members to rewrite ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Input.h"
#include "disasm/FileFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/Magic.h"

using namespace llvm;

namespace segshift {

Expected<Input> Input::open(StringRef Path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> BufferOrErr =
      MemoryBuffer::getFile(Path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!BufferOrErr)
    return createStringError(Path + ": " + BufferOrErr.getError().message() +
                             " [SEG001]");
  return parse(std::move(*BufferOrErr));
}

Expected<Input> Input::parse(std::unique_ptr<MemoryBuffer> Buffer) {
  Input In;
  In.Path = Buffer->getBufferIdentifier().str();
  In.Buffer = std::move(Buffer);
  StringRef Path = In.Path;
  StringRef Data = In.Buffer->getBuffer();
  if (identify_magic(Data) != file_magic::archive) {
    if (!Data.starts_with("\177ELF"))
      return notElf(Path, Data);
    Member M;
    M.Name = In.Path;
    M.Bytes = Data;
    In.Members.push_back(std::move(M));
    return std::move(In);
  }

  Expected<std::unique_ptr<object::Archive>> ArchiveOrErr =
      object::Archive::create(In.Buffer->getMemBufferRef());
  if (!ArchiveOrErr)
    return createStringError(Path + ": " + toString(ArchiveOrErr.takeError()) +
                             " [SEG006]");
  In.TheArchive = std::move(*ArchiveOrErr);
  Error Err = Error::success();
  for (const object::Archive::Child &C : In.TheArchive->children(Err)) {
    Member M;
    Expected<StringRef> NameOrErr = C.getName();
    if (!NameOrErr)
      return joinErrors(std::move(Err),
                        createStringError(Path + ": " +
                                          toString(NameOrErr.takeError()) +
                                          " [SEG006]"));
    M.Name = (Path + "(" + *NameOrErr + ")").str();
    Expected<MemoryBufferRef> ContentOrErr = C.getMemoryBufferRef();
    if (!ContentOrErr)
      return joinErrors(std::move(Err),
                        createStringError(M.Name + ": " +
                                          toString(ContentOrErr.takeError()) +
                                          " [SEG006]"));
    M.Bytes = ContentOrErr->getBuffer();
    if (In.isThin()) {
      Expected<std::string> FullNameOrErr = C.getFullName();
      if (!FullNameOrErr)
        return joinErrors(std::move(Err), FullNameOrErr.takeError());
      M.Path = *FullNameOrErr;
    } else {
      M.Offset = M.Bytes.begin() - Data.begin();
    }
    M.IsELF = M.Bytes.starts_with("\177ELF");
    In.Members.push_back(std::move(M));
  }
  if (Err)
    return createStringError(Path + ": " + toString(std::move(Err)) +
                             " [SEG006]");
  if (!In.Members.empty() && none_of(In.Members, [](const Member &M) {
        return M.IsELF || mayHoldCode(M.Bytes);
      }))
    return createStringError(Path + ": no member of the archive is an ELF file "
                                    "[SEG002]");
  return std::move(In);
}

} // namespace segshift
