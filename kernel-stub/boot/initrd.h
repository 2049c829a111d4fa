// Files of the initial RAM disk, a cpio archive. See cpio.h.
//
// The runner puts these beside the programs:
//   /.segshift/argv           NUL-terminated strings; the first is the program
//   /.segshift/argv.1, .2 ... further programs, run after it in the same boot
//   /.segshift/env            NUL-terminated strings, for all of them
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INITRD_H
#define STUB_INITRD_H

#include <stddef.h>
#include <stdint.h>

namespace initrd {

void init(const void *Archive, size_t Size); // Size 0: there is none

struct Archive {
  const void *Data;
  size_t Size; // 0: there is none
};
Archive archive();

struct File {
  const uint8_t *Data = nullptr;
  size_t Size = 0;
};

// False: there is no such regular file. A malformed archive is logged.
bool find(const char *Path, File &F);

} // namespace initrd

#endif
