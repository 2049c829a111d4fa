// A symbolic link with a fixed target.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYMLINK_H
#define STUB_SYMLINK_H

#include "linux/fs/file.h"

class Symlink final : public Node {
public:
  // Target: never changed; freed with the link if Owned, and then from the
  // heap.
  Symlink(const char *Target, size_t Size, bool Owned)
      : Node(file::SymbolicLink | 0777), Target(Target), TargetSize(Size),
        Owned(Owned) {}
  ~Symlink() override;

  int64_t readLink(char *Text, size_t Size) override;
  uint64_t size() override { return TargetSize; }

private:
  const char *Target;
  size_t TargetSize;
  bool Owned;
};

namespace file {

// With a copy of the target. Null: no memory.
Node *makeSymlink(const char *Target);

} // namespace file

#endif
