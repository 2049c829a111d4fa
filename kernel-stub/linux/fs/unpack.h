// Makes the tree out of the initrd. The contents of files and links stay where
// they lie in the archive.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_UNPACK_H
#define STUB_UNPACK_H

#include "lib/cpio.h"
#include "linux/fs/directory.h"

namespace unpack {

struct Result {
  cpio::Error Error = cpio::Error::End; // where the archive was given up
  size_t Offset = 0;                    // and its place there
  unsigned NumMembers = 0;              // that are in the tree
  unsigned NumRefused = 0;              // that cannot be: see unpack()
  bool NoMemory = false;
};

// Adds the archive's members to the tree, up to the first malformed one.
// Missing directories are made. Of two members of one path the last one counts,
// except that a directory is not replaced by anything else. Refused are
// devices, names with "..", and what would lie below something that is no
// directory.
Result unpack(Directory &Root, const void *Archive, size_t Size);

} // namespace unpack

#endif
