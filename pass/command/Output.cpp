//===- Output.cpp - where output goes -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Output.h"
#include "Command.h"
#include "llvm/Support/FileSystem.h"
#include <filesystem>

using namespace llvm;

namespace segshift {

Error outputError(StringRef Path, const Twine &What) {
  return createStringError(Path + ": " + What + " [SEG231]");
}

bool isStandardOutput(StringRef Path) {
  return Path == "-" || Path == "/dev/stdout" || Path == "/dev/fd/1" ||
         Path == "/proc/self/fd/1";
}

/// Goes from link to link to what there is, or to where it is to be.
static Expected<std::string> followLinks(StringRef Path) {
  std::filesystem::path At(Path.str());
  constexpr unsigned Most = 40; // as Linux
  for (unsigned Steps = 0; Steps < Most; ++Steps) {
    std::error_code EC;
    if (!std::filesystem::is_symlink(At, EC))
      return At.string();
    std::filesystem::path Target = std::filesystem::read_symlink(At, EC);
    if (EC)
      return outputError(Path, "cannot read the link: " + EC.message());
    At = At.parent_path() / Target; // an absolute target replaces all
  }
  return outputError(Path, "too many symbolic links");
}

Expected<OutputPlace> resolveOutput(StringRef Path) {
  if (isStandardOutput(Path))
    return OutputPlace{OutputPlace::Kind::Standard, Path.str()};
  sys::fs::file_status Status;
  std::error_code EC = sys::fs::status(Path, Status);
  if (EC && EC != std::errc::no_such_file_or_directory)
    return outputError(Path, EC.message());
  switch (Status.type()) {
  case sys::fs::file_type::fifo_file:
  case sys::fs::file_type::character_file:
    return OutputPlace{OutputPlace::Kind::Stream, Path.str()};
  case sys::fs::file_type::regular_file:
  case sys::fs::file_type::file_not_found: {
    Expected<std::string> Real = followLinks(Path);
    if (!Real)
      return Real.takeError();
    return OutputPlace{OutputPlace::Kind::File, std::move(*Real)};
  }
  case sys::fs::file_type::directory_file:
    return outputError(Path, "is a directory");
  default:
    return outputError(Path, "exists and is not a regular file");
  }
}

Error writeStream(const OutputPlace &Place,
                  function_ref<void(raw_ostream &)> Write) {
  if (Place.What == OutputPlace::Kind::Standard) {
    Write(outs());
    return flushOutput();
  }
  std::error_code EC;
  raw_fd_ostream OS(Place.Path, EC, sys::fs::CD_OpenExisting, sys::fs::FA_Write,
                    sys::fs::OF_None);
  if (!EC) {
    Write(OS);
    OS.close();
    EC = OS.error();
    OS.clear_error();
  }
  return EC ? outputError(Place.Path, "cannot write: " + EC.message())
            : Error::success();
}

static Error writeFile(StringRef Path, StringRef Name,
                       function_ref<void(raw_ostream &)> Write) {
  auto Temp = sys::fs::TempFile::create(Path + ".tmp%%%%%%");
  if (!Temp)
    return outputError(Name, "cannot create a temporary file beside it: " +
                                 toString(Temp.takeError()));
  std::error_code EC;
  {
    raw_fd_ostream OS(Temp->FD, /*shouldClose=*/false);
    Write(OS);
    OS.flush();
    EC = OS.error();
    OS.clear_error();
  }
  if (ErrorOr<sys::fs::perms> Old = sys::fs::getPermissions(Path); Old && !EC)
    EC = sys::fs::setPermissions(Temp->FD, *Old);
  if (EC) {
    consumeError(Temp->discard());
    return outputError(Name, "cannot write: " + EC.message());
  }
  if (Error E = Temp->keep(Path))
    return outputError(Name, "cannot write: " + toString(std::move(E)));
  return Error::success();
}

Error writeOutput(StringRef Path, function_ref<void(raw_ostream &)> Write) {
  Expected<OutputPlace> Place = resolveOutput(Path);
  if (!Place)
    return Place.takeError();
  return Place->What == OutputPlace::Kind::File
             ? writeFile(Place->Path, Path, Write)
             : writeStream(*Place, Write);
}

} // namespace segshift
