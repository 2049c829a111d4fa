// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/symlink.h"
#include "lib/string.h"

Symlink::~Symlink() {
  if (Owned)
    heap::free(const_cast<char *>(Target));
}

int64_t Symlink::readLink(char *Text, size_t Size) {
  if (Size > TargetSize)
    Size = TargetSize;
  memcpy(Text, Target, Size);
  return Size;
}

Node *file::makeSymlink(const char *Target) {
  size_t Size = strlen(Target);
  auto *Copy = static_cast<char *>(heap::allocate(Size + 1));
  if (!Copy)
    return nullptr;
  memcpy(Copy, Target, Size + 1);
  Node *N = heap::make<Symlink>(Copy, Size, true);
  if (!N)
    heap::free(Copy);
  return N;
}
