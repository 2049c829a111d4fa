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

#include "linux/fs/event.h"
#include "memory/heap.h"
#include "user/pager.h"
#include <stddef.h>
#include <stdint.h>

class Directory;
class Process;

namespace file {

// st_mode: inode(7).
enum Mode : uint32_t {
  TypeMask = 0170000,
  SymbolicLink = 0120000,
  Regular = 0100000,
  DirectoryType = 0040000,
  CharacterDevice = 0020000,
  PipeType = 0010000,
  PermissionMask = 07777,
};

// What stat(2) tells. Times are in nanoseconds since 1970.
struct Status {
  uint64_t Device = 1;
  uint64_t Inode = 0;
  uint32_t Mode = 0;
  uint32_t NumLinks = 1;
  uint32_t Uid = 0, Gid = 0;
  uint64_t DeviceId = 0; // st_rdev
  uint64_t Size = 0;
  uint64_t NumPages = 0; // memory that it takes
  int64_t Accessed = 0, Modified = 0, Changed = 0;
};

// How a file is open.
enum Access : uint32_t { Readable = 1, Writable = 2, Appending = 4 };

// poll(2)'s events; epoll's have the same values.
enum PollEvents : uint32_t {
  PollIn = 0x1,
  PollOut = 0x4,
  PollError = 0x8,
  PollHangUp = 0x10,
  PollInvalid = 0x20,
};

// A name in a directory. Not NUL-terminated.
struct Name {
  const char *Text;
  size_t Size;
};

// What getdents64(2) tells of a member.
struct Member {
  uint64_t Inode;
  uint32_t Type; // of TypeMask
  size_t Size;   // of Text
  char Text[256];
};

// The time of the file system: nanoseconds since 1970.
int64_t now();

} // namespace file

// A file, directory, device, pipe: what Linux calls an inode. Counted: ref()
// for each pointer that is kept, unref() when it is dropped. A new node has
// one.
//
// Functions that can fail return -errno.
class Node : public Pager {
public:
  explicit Node(uint32_t Mode); // type and permissions
  ~Node() override;

  // Of those that are, or were before their removal, in the tree.
  static uint64_t numFiles();
  void countAsFile();

  uint32_t type() const { return Info.Mode & file::TypeMask; }
  bool isDirectory() const { return type() == file::DirectoryType; }

  // -- Contents.

  // At a position. Return bytes, fewer than Size at the end of the file.
  int64_t readAt(uint64_t Offset, void *To, size_t Size) override;
  virtual int64_t writeAt(uint64_t Offset, const void *From, size_t Size);
  // At the end of the file. Position: behind what was written.
  virtual int64_t append(const void *From, size_t Size, uint64_t &Position);
  uint64_t size() override { return 0; }
  virtual int64_t truncate(uint64_t Size);

  uint64_t sharedPage(uint64_t Offset) override;

  // A stream has no positions: it is read and written with these. They wait if
  // Wait is set, else return -EAGAIN; and return less than Size if there is
  // less.
  virtual bool isStream() { return false; }
  virtual int64_t read(void *To, size_t Size, bool Wait);
  virtual int64_t write(const void *From, size_t Size, bool Wait);
  virtual int64_t available() { return -25; } // bytes: FIONREAD; or ENOTTY

  // A set of PollEvents, for a file that is open for Access.
  virtual uint32_t poll(uint32_t Access);
  // Whether poll() can change with nobody calling changed(): it is to be asked
  // again and again.
  virtual bool changesSilently() { return false; }

  // -- Opening and closing.

  // What a file descriptor gets that opens this node: itself, or another node.
  // With a reference. Null: Error is the error number.
  virtual Node *opened(uint32_t Access, int &Error);
  // The last descriptor of one opening is gone.
  virtual void closed(uint32_t Access) { (void)Access; }

  // -- Directories.

  // A member, with a reference, or null.
  virtual Node *lookup(file::Name) { return nullptr; }
  // The first member behind Cookie, which is moved. The first one's is 0.
  virtual bool memberAfter(uint64_t &, file::Member &) { return false; }
  // The directory that this directory is in, with a reference, or null.
  virtual Node *parent() { return nullptr; }
  // Null: members cannot be made or removed here.
  virtual Directory *asDirectory() { return nullptr; }

  // -- Symbolic links.

  // The target: at most Size bytes of it, not terminated. Returns their number.
  virtual int64_t readLink(char *, size_t) { return -22; } // EINVAL
  // A link that leads straight to a node, without a path: with a reference, or
  // null.
  virtual Node *target() { return nullptr; }

  // -- Both.

  virtual void status(file::Status &S);
  // What pathOf() says of a node that is in no directory.
  virtual size_t describe(char *Text, size_t Size);

  // Something became readable or writable: wakes who waits for it, and poll.
  void changed();

  // What status() tells, but for sizes. Written without a lock: each by itself.
  file::Status Info;
  Event Activity; // signalled by changed()

  // Where it is in the tree; under the tree's lock. See directory.h.
  struct DirectoryEntry *Place = nullptr;
  char *LostPath = nullptr; // where it was

private:
  bool IsCounted = false;
};

namespace file {

// Makes the root file system out of the initrd, once; a malformed archive is
// logged, and what comes before the damage counts.
void init();

// Puts a node, whose reference it takes, into the root. A directory of the
// initrd is hidden, as below a mount. False: no memory, or N is null.
bool mount(const char *Name, Node *N);

// Signalled when any file's poll() may have changed.
extern Event AnyActivity;

// The node that a path of at most 4095 characters names, symbolic links
// followed; relative to the root. The caller gets a reference. Null: Error is
// the error number.
Node *open(const char *Path, int &Error);

// The node behind a file descriptor of the running program, with a reference
// for the caller, and how it is open (a set of Access). Null: EBADF.
Node *nodeOf(int Fd, uint32_t &Access);

// Writes where the node is in the tree to Path, NUL-terminated: "/usr/bin/env",
// "/tmp/x (deleted)", "pipe:[5]". Returns its length; or Size (not 0) if there
// was not enough room, and then the front is missing.
size_t pathOf(Node &N, char *Path, size_t Size);

// A file in no directory, as memfd_create(2) and shared anonymous memory have
// it. Null: no memory.
Node *makeAnonymous(const char *Name);

} // namespace file

#endif
