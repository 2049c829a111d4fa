// The kernel's tree of files, hosted: unpacking good and mutated archives,
// paths, directories, contents. Catches: look-ups that lose or invent members,
// listings that skip, links that are followed wrongly or for ever, stale bytes
// behind a file's end, references that leak or are dropped twice (ASan,
// counts).
//
// RUN: %clangxx -std=c++20 -g -O1 -Wall -Werror -Wno-unused-private-field \
// RUN:   -fsanitize=address,undefined -fno-sanitize-recover=all \
// RUN:   -I%src/runtime/include -iquote %src/kernel-stub -include %src/kernel-stub/tls/mode.h -DSTUB_MODE_GS \
// RUN:   %src/kernel-stub/lib/cpio.cpp %src/kernel-stub/linux/fs/directory.cpp \
// RUN:   %src/kernel-stub/linux/fs/node.cpp %src/kernel-stub/linux/fs/page_tree.cpp \
// RUN:   %src/kernel-stub/linux/fs/file_memory.cpp %src/kernel-stub/linux/fs/path.cpp \
// RUN:   %src/kernel-stub/linux/fs/regular_file.cpp %src/kernel-stub/linux/fs/symlink.cpp \
// RUN:   %src/kernel-stub/linux/fs/unpack.cpp %src/kernel-stub/user/pager.cpp %s -o %t
// RUN: %t | FileCheck %s
// CHECK: tree: all passed
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/device/log.h"
#include "../../kernel-stub/lib/error.h"
#include "../../kernel-stub/linux/fs/file_memory.h"
#include "../../kernel-stub/linux/fs/path.h"
#include "../../kernel-stub/linux/fs/regular_file.h"
#include "../../kernel-stub/linux/fs/symlink.h"
#include "../../kernel-stub/linux/fs/unpack.h"
#include "../../kernel-stub/user/user_pages.h"
#include "../../kernel-stub/user/vm.h"
#include "check.h"

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

// -- What the tree needs of the kernel. One thread: locks do nothing, but must
// not be taken twice.

static size_t NumBlocks, NumPages, MaxPages = 1 << 20;
static bool NoHeap;
static const Pager *Forgotten;

void *heap::allocate(size_t Size) {
  void *P = NoHeap ? nullptr : std::calloc(1, Size);
  NumBlocks += !!P;
  return P;
}
void heap::free(void *P) {
  NumBlocks -= !!P;
  std::free(P);
}
uint64_t memory::allocatePage() {
  if (NumPages >= MaxPages)
    return 0;
  ++NumPages;
  return physical(std::memset(std::aligned_alloc(4096, 4096), 0, 4096));
}
uint64_t user_pages::allocate() { return memory::allocatePage(); }
void memory::freePage(uint64_t Page) {
  --NumPages;
  std::free(direct(Page));
}
size_t memory::freePages() { return MaxPages * 2; }
void Mutex::lock() {
  CHECK(!Held);
  Held = true;
}
void Mutex::unlock() { Held = false; }
void Event::signal() {}
int64_t file::now() { return 1000000000; }
void vm::forgetFile(const Pager &N, uint64_t) { Forgotten = &N; }
size_t format(char *Out, size_t Size, const char *Format, ...) {
  va_list A;
  va_start(A, Format);
  int N = std::vsnprintf(Out, Size, Format, A);
  va_end(A);
  return N;
}

namespace {

std::string member(const std::string &Name, const std::string &Data,
                   unsigned Mode = 0100644, unsigned Time = 99) {
  char Header[111];
  std::snprintf(Header, sizeof(Header),
                "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
                7u, Mode, 0u, 0u, 1u, Time, unsigned(Data.size()), 0u, 0u, 0u,
                0u, unsigned(Name.size() + 1), 0u);
  std::string M = std::string(Header) + Name + '\0';
  M.resize((M.size() + 3) & ~3u);
  M += Data;
  M.resize((M.size() + 3) & ~3u);
  return M;
}
const std::string Trailer = member("TRAILER!!!", "", 0);

constexpr unsigned Dir = 040755, Link = 0120777;

// A tree for as long as this lives; then all memory is to be free again.
struct Tree {
  size_t Before = NumBlocks;
  std::string Archive;
  unpack::Result R;
  explicit Tree(std::string Bytes) : Archive(std::move(Bytes)) {
    file::Root = heap::make<Directory>(0755u);
    R = unpack::unpack(*file::Root, Archive.data(), Archive.size());
  }
  ~Tree() {
    file::Root->unref();
    file::Root = nullptr;
    CHECK(NumBlocks == Before);
    CHECK(NumPages == 0);
    CHECK(fileMemory::used() == 0);
  }
};

file::Name name(const std::string &S) { return {S.data(), S.size()}; }

// The error of a walk, or 0; Text: the contents, a link's target, or "dir".
int look(const std::string &Path, std::string &Text, uint32_t Flags = 0) {
  Walk W;
  Text.clear();
  if (int Error = W.run(*file::Root, Path.c_str(), Flags))
    return -Error;
  CHECK(W.Found);
  Text.resize(W.Found->size());
  if (W.Found->isDirectory())
    Text = "dir";
  else if (W.Found->type() == file::SymbolicLink)
    CHECK(W.Found->readLink(Text.data(), Text.size()) == int64_t(Text.size()));
  else
    CHECK(W.Found->readAt(0, Text.data(), Text.size()) == int64_t(Text.size()));
  return 0;
}

#define CHECK_TEXT(Path, Expected, ...)                                        \
  do {                                                                         \
    std::string Text;                                                          \
    CHECK(look(Path, Text, ##__VA_ARGS__) == 0);                               \
    CHECK(Text == Expected);                                                   \
  } while (0)
#define CHECK_ERROR(Path, Expected, ...)                                       \
  do {                                                                         \
    std::string Text;                                                          \
    CHECK(look(Path, Text, ##__VA_ARGS__) == Expected);                        \
  } while (0)

std::string pathOf(const std::string &Path) {
  Walk W;
  if (W.run(*file::Root, Path.c_str(), Walk::NoFollow))
    return "?";
  char Text[300];
  size_t N = file::pathOf(*W.Found, Text, sizeof(Text));
  CHECK(N == std::strlen(Text));
  return Text;
}

Directory &directory(const std::string &Path) {
  Walk W;
  CHECK(W.run(*file::Root, Path.c_str(), 0) == 0);
  return *W.Found->asDirectory();
}

std::vector<std::string> list(Node &N) {
  std::vector<std::string> Names;
  uint64_t Cookie = 0;
  for (file::Member M; N.memberAfter(Cookie, M);)
    Names.emplace_back(M.Text, M.Size);
  return Names;
}

void testUnpack() {
  Tree T(
      member(".", "", 040700, 5) + member("bin", "usr/bin", Link) +
      member("usr", "", Dir) + member("usr/bin", "", Dir, 7) +
      member("/usr/bin/a", "first") + member("./usr/bin/a", "second", 0100755) +
      member("bin/b", "through a link") + member("x/y/z/file", "made parents") +
      member("usr/bin/a/below", "a file is no directory") +
      member("usr", "a directory stays") + member("dev/null", "", 020666) +
      member("../up", "out of the root") + member("a/../b", "") +
      member("usr/bin", "", 040711, 8) + Trailer);
  CHECK(T.R.Error == cpio::Error::End);
  CHECK(T.R.NumMembers == 9);
  CHECK(T.R.NumRefused == 5);
  CHECK(!T.R.NoMemory);
  CHECK_TEXT("/usr/bin/a", "second");
  CHECK_TEXT("/bin/b", "through a link");
  CHECK_TEXT("usr/bin/b", "through a link");
  CHECK_TEXT("/x/y/z/file", "made parents");
  CHECK_TEXT("/usr", "dir");
  CHECK_ERROR("/up", ENOENT);
  CHECK_ERROR("/dev/null", ENOENT);
  CHECK(pathOf("/bin/b") == "/usr/bin/b");
  CHECK(pathOf("/") == "/");
  CHECK(file::Root->Info.Mode == 040700);
  CHECK(file::Root->Info.Modified == 5000000000);
  CHECK(directory("/usr/bin").Info.Mode == 040711);
  CHECK(directory("/usr/bin").Info.Modified == 8000000000);
}

void testPaths() {
  std::string Long(256, 'n');
  Tree T(member("d/e/f", "F") + member("self", "self", Link) +
         member("ping", "pong", Link) + member("pong", "ping", Link) +
         member("abs", "/d/e", Link) + member("rel", "d/./e/../e", Link) +
         member("slash", "d/e/", Link) + member("file", "d/e/f", Link) +
         member("dangling", "d/none", Link) + member("empty", "", Link) +
         Trailer);
  CHECK_TEXT("/d/e/f", "F");
  CHECK_TEXT("//d///e//f", "F");
  CHECK_TEXT("d/e/../../d/e/./f", "F");
  CHECK_TEXT("/../..", "dir");
  CHECK_TEXT("abs/f", "F");
  CHECK_TEXT("rel/f", "F");
  CHECK_TEXT("slash/f", "F");
  CHECK_TEXT("file", "F");
  CHECK_TEXT("abs/../e/f", "F");
  CHECK_TEXT("abs", "/d/e", Walk::NoFollow);
  CHECK_TEXT("abs/", "dir", Walk::NoFollow);
  CHECK_ERROR("", ENOENT);
  CHECK_ERROR("self", ELOOP);
  CHECK_ERROR("ping/x", ELOOP);
  CHECK_ERROR("dangling", ENOENT);
  CHECK_ERROR("empty", ENOENT);
  CHECK_ERROR("d/e/f/", ENOTDIR);
  CHECK_ERROR("d/e/f/g", ENOTDIR);
  CHECK_ERROR("d/e/f/..", ENOTDIR);
  CHECK_ERROR("file/", ENOTDIR);
  CHECK_ERROR("d/none/e", ENOENT);
  CHECK_ERROR(Long, ENAMETOOLONG);

  Walk Parent;
  CHECK(Parent.run(*file::Root, "abs/new/", Walk::Parent) == 0);
  CHECK(!Parent.Found && Parent.In == &directory("/d/e") &&
        Parent.EndsWithSlash);
  CHECK(std::string(Parent.Last.Text, Parent.Last.Size) == "new");
  Walk Create; // open(O_CREAT) makes what the link names
  CHECK(Create.run(*file::Root, "dangling", Walk::MayBeMissing) == 0);
  CHECK(!Create.Found && Create.In == &directory("/d"));
  CHECK(std::string(Create.Last.Text, Create.Last.Size) == "none");
  Walk None;
  CHECK(None.run(*file::Root, "d/..", Walk::Parent) == 0);
  CHECK(None.Found == file::Root && !None.In);
}

// Chains of links, as long as is allowed and one longer.
void testLinkChain() {
  std::string Archive = member("l0", "end", Link) + member("end", "END");
  for (int I = 1; I != 41; ++I)
    Archive +=
        member("l" + std::to_string(I), "l" + std::to_string(I - 1), Link);
  Tree T(Archive + Trailer);
  CHECK_TEXT("l39", "END");
  CHECK_ERROR("l40", ELOOP);
}

void testDirectories() {
  Tree T(member("a/b/c", "C") + member("a/x", "X") + member("e", "", Dir) +
         Trailer);
  Directory &Root = *file::Root, &A = directory("/a");
  CHECK(Root.Info.NumLinks == 4); // two, and "a", "e"
  CHECK(A.remove(name("b")) == -EISDIR);
  CHECK(A.removeDirectory(name("b")) == -ENOTEMPTY);
  CHECK(A.removeDirectory(name("x")) == -ENOTDIR);
  CHECK(A.remove(name("none")) == -ENOENT);
  CHECK(Root.removeDirectory(name("e")) == 0);
  CHECK(Root.Info.NumLinks == 3);

  // A file whose name is gone lives as long as someone has it, with its path.
  Walk W;
  CHECK(W.run(Root, "a/x", 0) == 0);
  CHECK(A.remove(name("x")) == 0);
  CHECK_ERROR("a/x", ENOENT);
  char Text[100];
  file::pathOf(*W.Found, Text, sizeof(Text));
  CHECK(!std::strcmp(Text, "/a/x (deleted)"));
  CHECK(W.Found->Info.NumLinks == 0);
  CHECK(W.Found->readAt(0, Text, 10) == 1 && *Text == 'X');

  // Renaming.
  CHECK(Directory::rename(Root, name("a"), directory("/a/b"), name("n"), 0) ==
        -EINVAL);
  CHECK(Directory::rename(Root, name("none"), Root, name("n"), 0) == -ENOENT);
  CHECK(Directory::rename(directory("/a/b"), name("c"), Root, name("top"), 0) ==
        0);
  CHECK_TEXT("/top", "C");
  CHECK_ERROR("/a/b/c", ENOENT);
  CHECK(pathOf("/top") == "/top");
  Node *File = heap::make<RegularFile>(0644u);
  CHECK(A.add(name("top"), *File) == 0);
  CHECK(A.add(name("top"), *File) == -EEXIST);
  CHECK(Directory::rename(Root, name("top"), A, name("top"), 1) == -EEXIST);
  CHECK(Directory::rename(Root, name("top"), A, name("b"), 0) == -EISDIR);
  CHECK(Directory::rename(A, name("b"), Root, name("top"), 0) == -ENOTDIR);
  CHECK(Directory::rename(Root, name("top"), A, name("top"), 0) == 0);
  CHECK_TEXT("/a/top", "C");
  CHECK(File->Info.NumLinks == 0);
  CHECK(Directory::rename(A, name("top"), A, name("top"), 0) == 0);
  // An exchange of a file and a directory moves the count of links.
  CHECK(Root.add(name("f"), *File) == 0);
  CHECK(Directory::rename(Root, name("f"), A, name("b"), Directory::Exchange) ==
        0);
  CHECK(Root.Info.NumLinks == 4 && A.Info.NumLinks == 2);
  CHECK(pathOf("/f") == "/f");
  CHECK_TEXT("/f", "dir");
  File->unref();
  // Over an empty directory.
  CHECK(Directory::rename(Root, name("a"), Root, name("f"), 0) == 0);
  CHECK(Root.Info.NumLinks == 3);
  CHECK_TEXT("/f/top", "C");

  // Nothing can be made in a directory that is gone.
  Node *Gone = heap::make<Directory>(0755u);
  CHECK(Root.add(name("gone"), *Gone) == 0);
  CHECK(Root.removeDirectory(name("gone")) == 0);
  CHECK(Gone->asDirectory()->add(name("x"), Root) == -ENOENT);
  CHECK(Gone->parent() == nullptr);
  Gone->unref();
}

// Many members, made and removed at random, against std::map; a listing that
// goes on meanwhile sees all that is there all the time, once.
void testManyMembers() {
  Tree T(Trailer);
  Directory &D = *file::Root;
  std::mt19937 Random(1);
  std::set<std::string> Model;
  Node *Child = heap::make<RegularFile>(0644u);
  for (int I = 0; I != 300; ++I) {
    std::string S = "stays" + std::to_string(I);
    CHECK(D.add(name(S), *Child) == 0);
    Model.insert(S);
  }
  std::map<std::string, int> Seen;
  uint64_t Cookie = 0;
  file::Member M;
  for (int I = 0; I != 20000; ++I) {
    std::string S = "m" + std::to_string(Random() % 500);
    if (Random() % 2)
      CHECK(D.link(name(S), *Child) == (Model.insert(S).second ? 0 : -EEXIST));
    else
      CHECK(D.remove(name(S)) == (Model.erase(S) ? 0 : -ENOENT));
    if (I % 10 == 0 && D.memberAfter(Cookie, M))
      ++Seen[std::string(M.Text, M.Size)];
  }
  for (int I = 0; I != 300; ++I)
    CHECK(Seen["stays" + std::to_string(I)] == 1);
  auto Names = list(D);
  CHECK(std::set<std::string>(Names.begin(), Names.end()) == Model);
  CHECK(Names.size() == Model.size() && D.size() == Model.size());
  for (const std::string &S : Model) {
    Node *N = D.lookup(name(S));
    CHECK(N == Child);
    if (N)
      N->unref();
  }
  Child->unref();
}

// Contents against a vector of bytes: writes, truncation and growth at random,
// over what the archive holds and behind it.
void testContents() {
  std::string Initial(10000, 'i');
  for (size_t I = 0; I != Initial.size(); ++I)
    Initial[I] = char('a' + I % 23);
  Tree T(member("f", Initial) + Trailer);
  Walk W;
  CHECK(W.run(*file::Root, "f", 0) == 0);
  Node &F = *W.Found;
  std::string Model = Initial;
  std::mt19937 Random(2);
  std::vector<uint64_t> Shared;
  for (int I = 0; I != 3000; ++I) {
    uint64_t Offset = Random() % 30000, Size = Random() % 6000;
    switch (Random() % 5) {
    case 0: {
      std::string Data(Size, char('A' + I % 26));
      CHECK(F.writeAt(Offset, Data.data(), Size) == int64_t(Size));
      if (Size && Model.size() < Offset + Size)
        Model.resize(Offset + Size);
      if (Size)
        Model.replace(Offset, Size, Data);
      break;
    }
    case 1:
      CHECK(F.truncate(Offset) == 0);
      Model.resize(Offset);
      break;
    case 2: { // as a mapping writes, behind the end too
      uint64_t Page = Offset & ~4095ull;
      Forgotten = nullptr;
      uint64_t Physical = F.sharedPage(Page);
      CHECK(!!Physical == (Page < Model.size()));
      if (!Physical)
        break;
      auto *Bytes = static_cast<char *>(memory::direct(Physical));
      for (size_t J = 0; J < 4096; J += 100) {
        Bytes[J] = '!';
        if (Page + J < Model.size())
          Model[Page + J] = '!';
      }
      break;
    }
    case 3: {
      uint64_t Position;
      CHECK(F.append("tail", 4, Position) == 4);
      Model += "tail";
      CHECK(Position == Model.size());
      break;
    }
    default: {
      std::string Data(Size, '?');
      int64_t N = F.readAt(Offset, Data.data(), Size);
      std::string Expected =
          Offset < Model.size() ? Model.substr(Offset, Size) : "";
      CHECK(N == int64_t(Expected.size()));
      CHECK(Data.substr(0, Expected.size()) == Expected);
    }
    }
    CHECK(F.size() == Model.size());
  }
  CHECK(Initial == T.Archive.substr(T.Archive.find("abcdefg"), 10000));

  // Far apart, and too far.
  RegularFile *Sparse = heap::make<RegularFile>(0644u);
  CHECK(Sparse->writeAt(RegularFile::MaxSize - 1, "x", 1) == 1);
  CHECK(Sparse->writeAt(RegularFile::MaxSize, "x", 1) == -EFBIG);
  CHECK(Sparse->writeAt(5, "y", 1) == 1);
  char Byte = 1;
  CHECK(Sparse->readAt(RegularFile::MaxSize - 2, &Byte, 1) == 1 && !Byte);
  CHECK(Sparse->readAt(RegularFile::MaxSize - 1, &Byte, 1) == 1 && Byte == 'x');
  file::Status S;
  Sparse->status(S);
  CHECK(S.NumPages == 2);
  CHECK(Sparse->sharedPage(0) && (Forgotten = nullptr, true));
  CHECK(Sparse->truncate(1) == 0);
  CHECK(Forgotten == Sparse); // before its pages are freed
  Sparse->status(S);
  CHECK(S.NumPages == 1);
  Sparse->unref();
}

void testNoMemory() {
  Tree T(member("f", std::string(8192, 'x')) + Trailer);
  Walk W;
  CHECK(W.run(*file::Root, "f", 0) == 0);
  size_t Max = MaxPages;
  MaxPages = NumPages + 1;
  std::string Data(8192, 'y');
  CHECK(W.Found->writeAt(0, Data.data(), 8192) < 8192); // the tree takes a page
  CHECK(W.Found->writeAt(4096, "z", 1) == -ENOSPC);
  CHECK(W.Found->sharedPage(4096) == 0);
  MaxPages = Max;
  NoHeap = true;
  CHECK(file::Root->add(name("g"), *W.Found) == -ENOSPC);
  NoHeap = false;
  CHECK_ERROR("g", ENOENT);
}

// Damaged archives: no crash, and what was unpacked is a tree.
void testMutations() {
  const std::string Good =
      member("bin", "usr/bin", Link) + member("usr/bin", "", Dir) +
      member("usr/bin/a", "data") + member("d/e", "x") + Trailer;
  std::mt19937 Random(3);
  for (int I = 0; I != 4000; ++I) {
    std::string Bytes = Good;
    for (unsigned N = Random() % 4 + 1; N; --N)
      Bytes[Random() % Bytes.size()] = "0123456789abcdef/.\0xyz"[Random() % 22];
    if (Random() % 4 == 0)
      Bytes.resize(Random() % Bytes.size());
    Tree T(Bytes);
    std::string Text;
    for (const std::string &S : list(*file::Root))
      look("/" + S, Text, Walk::NoFollow);
    look("/bin/a", Text);
  }
}

} // namespace

int main() {
  fileMemory::init();
  testUnpack();
  testPaths();
  testLinkChain();
  testDirectories();
  testManyMembers();
  testContents();
  testNoMemory();
  testMutations();
  if (!Failures)
    std::printf("tree: all passed\n");
  return Failures != 0;
}
