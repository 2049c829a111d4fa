// Reads a cpio archive in the "newc" format (magic 070701) that lies in memory,
// as `cpio -H newc` and qemu/cpio.py write it. Freestanding: no allocation, no
// libc; nothing outside the given bytes is read, whatever they hold.
//
// Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_CPIO_H
#define STUB_CPIO_H

#include <stddef.h>
#include <stdint.h>

namespace cpio {

enum class Error : uint8_t {
  None,
  End,              // next(): the trailer was reached
  NotFound,         // find(): no member of that name
  TruncatedHeader,  // the archive ends inside a header, or before the trailer
  BadMagic,         // not a header of a cpio archive
  NotNewc,          // a cpio archive, but in another format
  BadNumber,        // a header field is not eight hexadecimal digits
  EmptyName,        // a name of no bytes
  TruncatedName,    // a name reaches past the end of the archive
  UnterminatedName, // a name is not what its size says: NUL missing or early
  TruncatedData,    // a file reaches past the end of the archive
};

// A sentence for the kernel log, without a final stop.
const char *describe(Error E);

// One member. Name and Data point into the archive.
struct Entry {
  const char *Name;    // as stored, NUL-terminated
  const uint8_t *Data; // contents, or the target of a symbolic link
  size_t Size;         // bytes at Data
  uint32_t Mode;       // st_mode of Linux: type and permission bits
  uint32_t Inode;
  uint32_t Links;
  uint32_t Time; // modification, seconds since 1970
};

class Reader {
public:
  // The archive must start at a multiple of 4 in its file (QEMU's -initrd keeps
  // that); its address in memory may be any.
  Reader(const void *Archive, size_t Size)
      : Begin(static_cast<const uint8_t *>(Archive)), Size(Size) {}

  // Reads the next member into E. Returns None, End after the last one, or what
  // is wrong with the archive; after anything but None, every further call
  // gives the same answer.
  Error next(Entry &E);

  // Where the member that next() will read starts, or where it stopped: bytes
  // from the start of the archive.
  size_t offset() const { return Pos; }

private:
  const uint8_t *Begin;
  size_t Size;
  size_t Pos = 0;
};

// Finds the member with this path. Leading "/" and "./" count on neither side:
// "/bin/x", "./bin/x" and "bin/x" are one path. If a path occurs more than
// once, the last one counts, as when the archive is unpacked. The whole archive
// is read, so a malformed one is always reported.
Error find(const void *Archive, size_t Size, const char *Path, Entry &E);

} // namespace cpio

#endif
