// Directories in memory. One lock for the whole tree: whatever changes or walks
// it, does so under that lock, for one name at a time.
//
// Members are found by a hash table, and listed in the order in which they were
// made: a listing goes on where it was, whatever was made or removed meanwhile.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_DIRECTORY_H
#define STUB_DIRECTORY_H

#include "linux/fs/file.h"

constexpr size_t MaxNameSize = 255; // NAME_MAX

struct DirectoryEntry {
  Directory *Parent;
  Node *Child; // with a reference
  DirectoryEntry *NextInBucket;
  DirectoryEntry *Previous, *Next; // by cookie
  uint64_t Cookie;
  uint32_t Hash;
  uint32_t Cost; // bytes, as charged to fileMemory
  uint8_t Size;  // of Text
  char Text[];
};

class Directory final : public Node {
public:
  explicit Directory(uint32_t Permissions);
  ~Directory() override;

  Node *lookup(file::Name N) override;
  bool memberAfter(uint64_t &Cookie, file::Member &M) override;
  Node *parent() override;
  Directory *asDirectory() override { return this; }
  uint64_t size() override { return NumMembers; }

  // These return 0 or -errno.

  // Makes Child a member, with a reference of its own.
  int add(file::Name N, Node &Child);
  // link(2): the same, of a file that may be in other directories.
  int link(file::Name N, Node &Child);
  // add, in the place of whatever is there.
  int replace(file::Name N, Node &Child);
  // unlink(2): not of a directory.
  int remove(file::Name N);
  // rmdir(2)
  int removeDirectory(file::Name N);
  // renameat2(2); both directories may be the same.
  enum RenameFlags : uint32_t { NoReplace = 1, Exchange = 2 };
  static int rename(Directory &From, file::Name Old, Directory &To,
                    file::Name New, uint32_t Flags);

private:
  friend size_t file::pathOf(Node &, char *, size_t);
  DirectoryEntry *find(file::Name N, uint32_t Hash) const;
  int addLocked(file::Name N, Node &Child);
  void take(DirectoryEntry *E); // out of the lists, and frees it
  bool grow();
  bool isBelow(const Directory &Other) const;
  static void drop(Node &Child); // one link less
  void touch();

  DirectoryEntry **Buckets = nullptr;
  unsigned NumBuckets = 0; // a power of two
  unsigned NumMembers = 0;
  uint64_t LastCookie = 0;
  DirectoryEntry *First = nullptr, *Last = nullptr;
  bool Removed = false;
};

namespace file {

// The root directory; null before it is made.
extern Directory *Root;

} // namespace file

#endif
