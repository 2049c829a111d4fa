// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file.h"
#include "error.h"
#include "initrd.h"
#include "string.h"

namespace file {
namespace {

// A file of the initrd, where it lies. Until there is a tree.
class InitrdFile final : public Node {
public:
  explicit InitrdFile(const initrd::File &F) : F(F) {}

  int64_t readAt(uint64_t Offset, void *To, size_t Size) override {
    if (Offset >= F.Size)
      return 0;
    if (Size > F.Size - Offset)
      Size = F.Size - Offset;
    memcpy(To, F.Data + Offset, Size);
    return Size;
  }
  uint64_t size() override { return F.Size; }
  void status(Status &S) override {
    S.Mode = Regular | 0755;
    S.Size = F.Size;
  }

private:
  initrd::File F;
};

} // namespace

Node *open(const char *Path, int &Error) {
  initrd::File F;
  if (!initrd::find(Path, F)) {
    Error = ENOENT;
    return nullptr;
  }
  Node *N = heap::make<InitrdFile>(F);
  if (!N)
    Error = ENOMEM;
  return N;
}

Node *nodeOf(int, uint32_t &) { return nullptr; }

size_t pathOf(Node &, char *Path, size_t) {
  *Path = 0;
  return 0;
}

} // namespace file
