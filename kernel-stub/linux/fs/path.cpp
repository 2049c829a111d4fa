// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/path.h"
#include "lib/error.h"
#include "lib/string.h"
#include "memory/memory.h"

namespace {
constexpr unsigned MaxLinks = 40;

bool is(file::Name N, const char *Text) {
  return N.Size == strlen(Text) && !memcmp(N.Text, Text, N.Size);
}
} // namespace

Walk::~Walk() {
  Node *const Held[] = {Found, In, At};
  for (Node *N : Held)
    if (N)
      N->unref();
  for (uint64_t Page : Buffers)
    if (Page)
      memory::freePage(Page);
}

Node *Walk::takeFound() {
  Node *N = Found;
  Found = nullptr;
  return N;
}

// Takes over the reference.
void Walk::moveTo(Node *N) {
  if (At)
    At->unref();
  At = N;
}

int Walk::run(Node &Start, const char *Path, uint32_t Flags) {
  if (!*Path)
    return -ENOENT;
  Node *First = *Path == '/' ? file::Root : &Start;
  First->ref();
  moveTo(First);
  for (bool Done = false; !Done;)
    if (int Error = step(Path, Flags, Done))
      return Error;
  return 0;
}

// One name of the path.
int Walk::step(const char *&Path, uint32_t Flags, bool &Done) {
  if (!At->isDirectory())
    return -ENOTDIR;
  while (*Path == '/')
    ++Path;
  file::Name N = {Path, 0};
  while (Path[N.Size] && Path[N.Size] != '/')
    ++N.Size;
  const char *Rest = Path + N.Size;
  EndsWithSlash = *Rest == '/';
  while (*Rest == '/')
    ++Rest;
  bool IsLast = !*Rest;

  if (!N.Size || is(N, ".") || is(N, "..")) {
    if (is(N, "..")) {
      Node *Up = At->parent();
      if (!Up)
        return -ENOENT;
      moveTo(Up);
    }
    Path = Rest;
    if (IsLast) {
      Found = At;
      At = nullptr;
      Done = true;
    }
    return 0;
  }
  if (N.Size > MaxNameSize)
    return -ENAMETOOLONG;

  bool WantsParent = IsLast && (Flags & Parent);
  Node *Child = WantsParent ? nullptr : At->lookup(N);
  if (Child && Child->type() == file::SymbolicLink &&
      (!IsLast || EndsWithSlash || !(Flags & NoFollow))) {
    bool Moved = false;
    Path = Rest;
    int Error = follow(*Child, Path, Moved);
    Child->unref();
    if (Error)
      return Error;
    if (Moved && IsLast) {
      Found = At;
      At = nullptr;
      Done = true;
      return EndsWithSlash && !Found->isDirectory() ? -ENOTDIR : 0;
    }
    return 0;
  }
  if (!IsLast) {
    if (!Child)
      return -ENOENT;
    moveTo(Child);
    Path = Rest;
    return 0;
  }
  Done = true;
  Found = Child;
  In = At;
  At = nullptr;
  Last = N;
  if (!Found)
    return WantsParent || (Flags & MayBeMissing) ? 0 : -ENOENT;
  return EndsWithSlash && !Found->isDirectory() ? -ENOTDIR : 0;
}

// Goes where a link leads. Moved: straight to a node; else Path is now the
// link's, with the rest behind it.
int Walk::follow(Node &Link, const char *&Path, bool &Moved) {
  if (++NumLinks > MaxLinks)
    return -ELOOP;
  if (Node *Target = Link.target()) {
    moveTo(Target);
    Moved = true;
    return 0;
  }
  // The rest may lie in the buffer of the link before.
  uint64_t &Page = Buffers[NumLinks % 2];
  if (!Page && !(Page = memory::allocatePage()))
    return -ENOMEM;
  auto *Text = static_cast<char *>(memory::direct(Page));
  int64_t Size = Link.readLink(Text, MaxPathSize - 1);
  if (Size < 0)
    return static_cast<int>(Size);
  if (!Size)
    return -ENOENT;
  size_t RestSize = strlen(Path);
  bool Slash = RestSize || EndsWithSlash;
  if (Size + Slash + RestSize >= MaxPathSize)
    return -ENAMETOOLONG;
  if (Slash)
    Text[Size++] = '/';
  memcpy(Text + Size, Path, RestSize + 1);
  Path = Text;
  if (*Path == '/') {
    file::Root->ref();
    moveTo(file::Root);
  }
  return 0;
}
