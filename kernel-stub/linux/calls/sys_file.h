// What the system calls on files share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYS_FILE_H
#define STUB_SYS_FILE_H

#include "cpu/copy_user.h"
#include "lib/error.h"
#include "linux/calls/syscall.h"
#include "linux/fs/open_file.h"
#include "linux/fs/path.h"

namespace syscall {

// include/uapi/linux/fcntl.h
enum : int { AT_FDCWD = -100 };
enum : uint64_t {
  AT_SYMLINK_NOFOLLOW = 0x100,
  AT_REMOVEDIR = 0x200,
  AT_EACCESS = 0x200, // the one user is both
  AT_SYMLINK_FOLLOW = 0x400,
  AT_NO_AUTOMOUNT = 0x800,
  AT_EMPTY_PATH = 0x1000,
};

// An open file of the program for as long as this lives.
class FileRef {
public:
  explicit FileRef(uint64_t Fd) : F(file::table().get(static_cast<int>(Fd))) {}
  FileRef(const FileRef &) = delete;
  FileRef &operator=(const FileRef &) = delete;
  ~FileRef() {
    if (F)
      F->unref();
  }
  explicit operator bool() const { return F; }
  OpenFile &operator*() const { return *F; }
  OpenFile *operator->() const { return F; }

private:
  OpenFile *F;
};

// A path of the program's, copied.
class UserPath {
public:
  // 0, or -EFAULT or -ENAMETOOLONG.
  int read(uint64_t Address);
  const char *text() const { return Text; }

private:
  char Text[MaxPathSize];
};

// Walks along a path of the program's, relative to an open directory or, for
// AT_FDCWD, to the current one. Returns 0 or -errno.
int walk(Walk &W, uint64_t DirectoryFd, const char *Path, uint32_t Flags);

// Makes N, with its reference, an open file of the program. Returns the
// descriptor or -errno.
int64_t addFile(Node *N, uint32_t OpenFlags);

} // namespace syscall

#endif
