// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "boot/initrd.h"
#include "device/log.h"
#include "lib/cpio.h"

namespace initrd {
namespace {

Archive TheArchive;

} // namespace

void init(const void *Start, size_t Size) { TheArchive = {Start, Size}; }

Archive archive() { return TheArchive; }

bool find(const char *Path, File &F) {
  if (!TheArchive.Size)
    return false;
  cpio::Entry E;
  cpio::Error Result = cpio::find(TheArchive.Data, TheArchive.Size, Path, E);
  if (Result == cpio::Error::NotFound)
    return false;
  if (Result != cpio::Error::None) {
    log("initrd: %s", cpio::describe(Result));
    return false;
  }
  constexpr uint32_t TypeMask = 0170000, Regular = 0100000;
  if ((E.Mode & TypeMask) != Regular)
    return false;
  F = {E.Data, E.Size};
  return true;
}

} // namespace initrd
