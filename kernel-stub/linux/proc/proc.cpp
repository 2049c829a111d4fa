// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/proc/proc.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/directory.h"

namespace proc {
namespace {

// What a file said when it was opened. Its status is the file's.
class Snapshot final : public Node {
public:
  explicit Snapshot(Node &File) : Node(file::Regular | 0444) {
    Info = File.Info;
  }

  int64_t readAt(uint64_t Offset, void *To, size_t Size) override {
    if (Offset >= Contents.size())
      return 0;
    if (Size > Contents.size() - Offset)
      Size = Contents.size() - Offset;
    memcpy(To, Contents.data() + Offset, Size);
    return Size;
  }

  Text Contents;
};

class ProcFile final : public Node {
public:
  explicit ProcFile(const Entry &E) : Node(file::Regular | 0444), E(E) {
    Info.Device = 6;
    Info.Inode = reinterpret_cast<uint64_t>(&E) & 0xffffffff;
  }

  Node *opened(uint32_t Access, int &Error) override {
    if (Access & file::Writable) {
      Error = EACCES;
      return nullptr;
    }
    Snapshot *S = heap::make<Snapshot>(*this);
    if (S)
      E.Write(S->Contents);
    if (!S || S->Contents.failed()) {
      if (S)
        S->unref();
      Error = ENOMEM;
      return nullptr;
    }
    return S;
  }

private:
  const Entry &E;
};

class ProcLink final : public Node {
public:
  explicit ProcLink(const Entry &E) : Node(file::SymbolicLink | 0777), E(&E) {
    Info.Device = 6;
    Info.Inode = reinterpret_cast<uint64_t>(&E) & 0xffffffff;
  }
  explicit ProcLink(Node &T) : Node(file::SymbolicLink | 0700), Direct(&T) {
    Info.Device = 6;
  }
  ~ProcLink() override {
    if (Direct)
      Direct->unref();
  }

  Node *target() override {
    if (Direct)
      Direct->ref();
    return Direct ? Direct : E->Target ? E->Target() : nullptr;
  }

  int64_t readLink(char *To, size_t Size) override {
    if (Node *N = target()) {
      char Path[1024];
      size_t Length = file::pathOf(*N, Path, sizeof(Path));
      N->unref();
      if (Length == sizeof(Path))
        return -ENAMETOOLONG;
      return copy(To, Size, Path, Length);
    }
    if (!E || !E->WriteLink)
      return -ENOENT;
    Text T;
    E->WriteLink(T);
    return T.failed() ? -ENOMEM : copy(To, Size, T.data(), T.size());
  }

private:
  static int64_t copy(char *To, size_t Size, const char *From, size_t N) {
    if (N > Size)
      N = Size;
    memcpy(To, From, N);
    return N;
  }

  const Entry *E = nullptr;
  Node *Direct = nullptr;
};

class ProcDirectory final : public Node {
public:
  ProcDirectory(const Entry &E, Node *Above)
      : Node(file::DirectoryType | 0555), E(E), Above(Above) {
    Info.Device = 6;
    Info.Inode = reinterpret_cast<uint64_t>(&E) & 0xffffffff;
    Info.NumLinks = 2;
    if (Above)
      Above->ref();
  }
  ~ProcDirectory() override {
    if (Above)
      Above->unref();
  }

  Node *parent() override {
    Node *N = Above ? Above : file::Root;
    N->ref();
    return N;
  }

  Node *lookup(file::Name N) override {
    for (const Entry *M = E.Members; M && M->Name; ++M)
      if (strlen(M->Name) == N.Size && !memcmp(M->Name, N.Text, N.Size))
        return make(*M);
    return E.Lookup ? E.Lookup(N) : nullptr;
  }

  bool memberAfter(uint64_t &Cookie, file::Member &M) override {
    uint64_t NumMembers = 0;
    while (E.Members && E.Members[NumMembers].Name)
      ++NumMembers;
    if (Cookie < NumMembers) {
      const Entry &F = E.Members[Cookie++];
      M.Inode = reinterpret_cast<uint64_t>(&F) & 0xffffffff;
      M.Type = typeOf(F);
      M.Size = strlen(F.Name);
      memcpy(M.Text, F.Name, M.Size);
      return true;
    }
    if (!E.MemberAfter)
      return false;
    uint64_t Own = Cookie - NumMembers;
    bool More = E.MemberAfter(Own, M);
    Cookie = Own + NumMembers;
    return More;
  }

  size_t describe(char *Text, size_t Size) override {
    // "/proc/self/fd": the names from here up to the root.
    size_t Length = 0;
    if (Above)
      Length = file::pathOf(*Above, Text, Size);
    if (Length == Size)
      return Size;
    if (Length + 1 < Size)
      Text[Length++] = '/';
    for (const char *C = E.Name; *C && Length + 1 < Size; ++C)
      Text[Length++] = *C;
    Text[Length] = 0;
    return Length;
  }

private:
  static uint32_t typeOf(const Entry &F) {
    return F.Write                   ? file::Regular
           : F.WriteLink || F.Target ? file::SymbolicLink
                                     : file::DirectoryType;
  }

  Node *make(const Entry &F) {
    switch (typeOf(F)) {
    case file::Regular:
      return heap::make<ProcFile>(F);
    case file::SymbolicLink:
      return heap::make<ProcLink>(F);
    default:
      return heap::make<ProcDirectory>(F, this);
    }
  }

  const Entry &E;
  Node *Above; // null: in the root
};

} // namespace

Node *makeDirectory(const Entry &E) {
  return heap::make<ProcDirectory>(E, nullptr);
}

Node *makeLink(Node &Target) {
  Node *N = heap::make<ProcLink>(Target);
  if (!N)
    Target.unref();
  return N;
}

} // namespace proc
