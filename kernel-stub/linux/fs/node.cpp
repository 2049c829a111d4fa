// What nodes do if their kind says nothing else.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/log.h"
#include "lib/error.h"
#include "linux/fs/file.h"

namespace file {
Event AnyActivity;
} // namespace file

static uint64_t LastInode, NumFiles;

uint64_t Node::numFiles() {
  return __atomic_load_n(&NumFiles, __ATOMIC_RELAXED);
}
void Node::countAsFile() {
  if (!__atomic_exchange_n(&IsCounted, true, __ATOMIC_RELAXED))
    __atomic_add_fetch(&NumFiles, 1, __ATOMIC_RELAXED);
}

Node::Node(uint32_t Mode) {
  Info.Mode = Mode;
  Info.Inode = __atomic_add_fetch(&LastInode, 1, __ATOMIC_RELAXED);
  Info.Accessed = Info.Modified = Info.Changed = file::now();
}

Node::~Node() {
  heap::free(LostPath);
  if (IsCounted)
    __atomic_sub_fetch(&NumFiles, 1, __ATOMIC_RELAXED);
}

int64_t Node::readAt(uint64_t, void *, size_t) {
  return isDirectory() ? -EISDIR : -EINVAL;
}
int64_t Node::writeAt(uint64_t, const void *, size_t) { return -EINVAL; }
int64_t Node::append(const void *From, size_t Size, uint64_t &Position) {
  int64_t N = writeAt(size(), From, Size);
  Position = size();
  return N;
}
int64_t Node::truncate(uint64_t) { return isDirectory() ? -EISDIR : -EINVAL; }
uint64_t Node::sharedPage(uint64_t) { return 0; }

int64_t Node::read(void *, size_t, bool) { return -EINVAL; }
int64_t Node::write(const void *, size_t, bool) { return -EINVAL; }
uint32_t Node::poll(uint32_t) { return file::PollIn | file::PollOut; }

Node *Node::opened(uint32_t, int &) {
  ref();
  return this;
}

void Node::status(file::Status &S) {
  S = Info;
  S.Size = size();
}

size_t Node::describe(char *Text, size_t Size) {
  return format(Text, Size, "anon_inode:[%lu]", Info.Inode);
}

void Node::changed() {
  Activity.signal();
  file::AnyActivity.signal();
}
