// Files of every kind, as the rest of the kernel sees them: a node, and how to
// get one by path or by file descriptor.
//
// Locks: a node locks itself. Its functions may wait, so they must not be
// called with a spin lock held; and as they may be called from a page fault (of
// a file mapping), no node's lock is held across a copy to or from the program.
// All buffers are the kernel's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_FILE_H
#define STUB_FILE_H

#include "heap.h"
#include <stddef.h>
#include <stdint.h>

namespace file {

// st_mode: inode(7).
enum Mode : uint32_t {
  TypeMask = 0170000,
  Symlink = 0120000,
  Regular = 0100000,
  Directory = 0040000,
  CharacterDevice = 0020000,
  Pipe = 0010000,
  PermissionMask = 07777,
};

// What stat(2) tells. Times are in nanoseconds since 1970.
struct Status {
  uint64_t Device = 0;
  uint64_t Inode = 0;
  uint32_t Mode = 0;
  uint32_t NumLinks = 1;
  uint64_t DeviceId = 0; // st_rdev
  uint64_t Size = 0;
  uint64_t NumPages = 0; // memory that it takes
  int64_t Accessed = 0, Modified = 0, Changed = 0;
};

} // namespace file

// A file, directory, device, pipe: what Linux calls an inode. Counted: ref()
// for each pointer that is kept, unref() when it is dropped. A new node has
// one.
class Node {
public:
  Node() = default;
  Node(const Node &) = delete;
  Node &operator=(const Node &) = delete;
  virtual ~Node() {}
  void operator delete(void *Memory) { heap::free(Memory); }

  void ref() { __atomic_add_fetch(&NumRefs, 1, __ATOMIC_RELAXED); }
  void unref();

  // At a position. Return bytes, fewer than Size at the end of the file, or
  // -errno.
  virtual int64_t readAt(uint64_t Offset, void *To, size_t Size);
  virtual int64_t writeAt(uint64_t Offset, const void *From, size_t Size);
  virtual uint64_t size() { return 0; }

  // The physical page that holds the file's page at Offset (a multiple of the
  // page size): what is written there is in the file. It stays the file's as
  // long as the node lives. 0: behind the end, no memory, or no such file.
  virtual uint64_t sharedPage(uint64_t Offset);

  virtual void status(file::Status &S);

private:
  unsigned NumRefs = 1;
};

namespace file {

// The node that a path of at most 4095 characters names, symbolic links
// followed. The caller gets a reference. Null: Error is the error number.
Node *open(const char *Path, int &Error);

enum Access : uint32_t { Readable = 1, Writable = 2, Appending = 4 };

// The node behind a file descriptor of the running program, with a reference
// for the caller, and how it is open (a set of Access). Null: EBADF.
Node *nodeOf(int Fd, uint32_t &Access);

// Writes where the node is in the tree to Path, NUL-terminated and cut off at
// Size (not 0): "/usr/bin/env", "/tmp/x (deleted)", "pipe:[5]". Returns its
// length.
size_t pathOf(Node &N, char *Path, size_t Size);

} // namespace file

#endif
