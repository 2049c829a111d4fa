// File descriptors: open files, and each program's table of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_OPEN_FILE_H
#define STUB_OPEN_FILE_H

#include "linux/fs/file.h"
#include "thread/mutex.h"

// open(2)'s flags: include/uapi/asm-generic/fcntl.h.
enum OpenFlags : uint32_t {
  O_ACCMODE = 3,
  O_WRONLY = 1,
  O_RDWR = 2,
  O_CREAT = 0100,
  O_EXCL = 0200,
  O_TRUNC = 01000,
  O_APPEND = 02000,
  O_NONBLOCK = 04000,
  O_DIRECT = 040000,
  O_LARGEFILE = 0100000,
  O_DIRECTORY = 0200000,
  O_NOFOLLOW = 0400000,
  O_NOATIME = 01000000,
  O_CLOEXEC = 02000000,
  O_PATH = 010000000,
  O_TMPFILE_ONLY = 020000000, // O_TMPFILE has O_DIRECTORY as well
};

// What open(2) makes, and dup(2) shares: POSIX's open file description. Counted
// as a Node is.
class OpenFile {
public:
  // Takes over the reference to N, which is open for what Flags say.
  OpenFile(Node &N, uint32_t Flags) : N(N), Flags(Flags) {}
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;
  ~OpenFile();

  void ref() { __atomic_add_fetch(&NumRefs, 1, __ATOMIC_RELAXED); }
  void unref();

  uint32_t flags() const { return __atomic_load_n(&Flags, __ATOMIC_ACQUIRE); }
  void setFlags(uint32_t F) { __atomic_store_n(&Flags, F, __ATOMIC_RELEASE); }
  uint32_t access() const; // a set of file::Access; 0 with O_PATH

  Node &N;
  // Held for a whole read or write at the position, the copy to the program
  // included: no page fault and no node takes it.
  Mutex PositionLock;
  uint64_t Position = 0;
  bool IsWatched = false; // by an epoll: see epoll.h

private:
  uint32_t Flags;
  unsigned NumRefs = 1;
};

// What the threads of a program share of the file system (CLONE_FILES and
// CLONE_FS: there is no program without them).
class FileTable {
public:
  static constexpr int MaxFiles = 1024; // RLIMIT_NOFILE

  // With the three standard streams. Null: no memory.
  static FileTable *make();
  ~FileTable();

  // The open file, with a reference; null: EBADF.
  OpenFile *get(int Fd);
  // Takes over the reference, at the lowest free descriptor from First on.
  // Returns it, or -errno; then the reference is dropped.
  int add(OpenFile &F, bool CloseOnExec, int First = 0);
  // At this one, which is closed first if need be.
  int addAt(OpenFile &F, bool CloseOnExec, int Fd);
  int close(int Fd); // 0 or -EBADF
  void closeRange(unsigned First, unsigned Last, bool OnlyMark);
  // 0 or 1; or -EBADF.
  int closeOnExec(int Fd);
  int setCloseOnExec(int Fd, bool Value);
  // The first descriptor from Fd on that is open, or -1.
  int next(int Fd);

  // The current directory, with a reference.
  Node *directory();
  void setDirectory(Node &N); // takes its own reference
  uint32_t Umask = 022;

  Node *Program = nullptr; // for /proc/self/exe

private:
  struct Slot {
    OpenFile *File;
    bool CloseOnExec;
  };
  bool growTo(int Size);
  int addLocked(OpenFile &F, bool CloseOnExec, int First);

  Mutex Lock;
  Slot *Slots = nullptr;
  int NumSlots = 0;
  int LowestFree = 0; // none below
  Node *Current = nullptr;
};

namespace file {

// The running program's.
FileTable &table();
// The same; null: none, as in a kernel thread. Both: linux/process.
FileTable *tableOrNull();

// The three streams of each program: the runner's serial lines.
Node *standardStream(int Fd);

} // namespace file

#endif
