// The kernel's cpio reader on good, cut-off and mutated archives. Catches:
// reads past the archive (ASan), lost padding, wrong look-ups, malformed
// archives that are taken for good ones.
//
// RUN: %clangxx -std=c++20 -g -O1 -Wall -Werror -iquote %src/kernel-stub \
// RUN:   -fsanitize=address,undefined -fno-sanitize-recover=all \
// RUN:   %src/kernel-stub/lib/cpio.cpp %s -o %t
// RUN: %t | FileCheck %s
// CHECK: cpio: all passed
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/lib/cpio.h"
#include "check.h"

#include <cstring>
#include <memory>
#include <string>

using cpio::Error;

namespace {

std::string member(const std::string &Name, const std::string &Data,
                   unsigned Mode = 0100644) {
  char Header[111];
  std::snprintf(Header, sizeof(Header),
                "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
                7u, Mode, 0u, 0u, 1u, 99u, unsigned(Data.size()), 0u, 0u, 0u,
                0u, unsigned(Name.size() + 1), 0u);
  std::string M = std::string(Header) + Name + '\0';
  M.resize((M.size() + 3) & ~3u);
  M += Data;
  M.resize((M.size() + 3) & ~3u);
  return M;
}

const std::string Trailer = member("TRAILER!!!", "", 0);

// Every archive is copied to a heap block of exactly its size, so that ASan
// sees a read of one byte too many; and at an odd address, as nothing promises
// more.
struct Archive {
  size_t Size;
  std::unique_ptr<char[]> Block;
  explicit Archive(const std::string &Bytes)
      : Size(Bytes.size()), Block(new char[Size + 1]) {
    std::memcpy(data(), Bytes.data(), Size);
  }
  char *data() const { return Block.get() + 1; }
};

// Reads to the end; the result is what stopped it, and the names and contents.
Error readAll(const std::string &Bytes, std::string &Seen) {
  Archive A(Bytes);
  cpio::Reader R(A.data(), A.Size);
  cpio::Entry E;
  for (;;) {
    Error Err = R.next(E);
    if (Err != Error::None) {
      CHECK(R.next(E) == Err); // stays where it stopped
      return Err;
    }
    Seen += std::string(E.Name) + "=" +
            std::string(reinterpret_cast<const char *>(E.Data), E.Size) + ";";
  }
}

Error readAll(const std::string &Bytes) {
  std::string Ignored;
  return readAll(Bytes, Ignored);
}

Error find(const std::string &Bytes, const char *Path,
           std::string *Data = nullptr) {
  Archive A(Bytes);
  cpio::Entry E;
  Error Err = cpio::find(A.data(), A.Size, Path, E);
  if (Err == Error::None && Data)
    Data->assign(reinterpret_cast<const char *>(E.Data), E.Size);
  return Err;
}

void testReading() {
  // Sizes 0 to 8 of name and data meet every padding.
  for (size_t Name = 1; Name != 9; ++Name)
    for (size_t Data = 0; Data != 9; ++Data) {
      std::string N(Name, 'n'), D(Data, 'd'), Seen;
      CHECK(readAll(member(N, D) + member("x", "y") + Trailer, Seen) ==
            Error::End);
      CHECK(Seen == N + "=" + D + ";x=y;");
    }
  Archive A(member("bin/sh", std::string("\0\n\xff", 3), 0100755) + Trailer);
  cpio::Reader R(A.data(), A.Size);
  cpio::Entry E;
  CHECK(R.next(E) == Error::None);
  CHECK(E.Mode == 0100755 && E.Inode == 7 && E.Links == 1 && E.Time == 99);
  CHECK(E.Size == 3 && std::memcmp(E.Data, "\0\n\xff", 3) == 0);
  CHECK(R.offset() == A.Size - Trailer.size());
}

void testFind() {
  std::string Bytes = member("a", "1") + member("./b/c", "2") +
                      member("/d", "3") + member("a", "4") + Trailer,
              Data;
  CHECK(find(Bytes, "/b/c", &Data) == Error::None && Data == "2");
  CHECK(find(Bytes, "d", &Data) == Error::None && Data == "3");
  CHECK(find(Bytes, ".//d", &Data) == Error::None && Data == "3");
  CHECK(find(Bytes, "a", &Data) == Error::None && Data == "4"); // the last one
  CHECK(find(Bytes, "b") == Error::NotFound);
  CHECK(find(Bytes, "b/cc") == Error::NotFound);
  CHECK(find(Bytes, "") == Error::NotFound);
  // A member after the wanted one is broken: reported, not ignored.
  CHECK(find(member("a", "1") + "junk", "a") == Error::TruncatedHeader);
}

void testErrors() {
  std::string Good = member("name", "data");
  auto With = [&](size_t At, const std::string &Text) {
    return (Good + Trailer).replace(At, Text.size(), Text);
  };
  CHECK(readAll("") == Error::TruncatedHeader);
  CHECK(readAll(Good) == Error::TruncatedHeader); // no trailer
  CHECK(readAll(With(0, "070702")) == Error::NotNewc);
  CHECK(readAll(With(0, "070707")) == Error::NotNewc);
  CHECK(readAll(With(0, "\xc7\x71")) == Error::NotNewc);
  CHECK(readAll(With(0, "\x1f\x8b")) == Error::BadMagic); // gzip
  CHECK(readAll(With(6 + 8 * 6, "0000000g")) == Error::BadNumber);
  CHECK(readAll(With(6 + 8 * 1, "      -1")) == Error::BadNumber);
  CHECK(readAll(With(6 + 8 * 6, "ffffffff")) == Error::TruncatedData);
  CHECK(readAll(With(6 + 8 * 11, "ffffffff")) == Error::TruncatedName);
  CHECK(readAll(With(6 + 8 * 11, "00000000")) == Error::EmptyName);
  CHECK(readAll(With(6 + 8 * 11, "00000001")) == Error::EmptyName);
  CHECK(readAll(With(6 + 8 * 11, "00000004")) ==
        Error::UnterminatedName); // no NUL
  CHECK(readAll(With(6 + 8 * 11, "00000006")) ==
        Error::UnterminatedName); // early NUL
  for (int I = 0; I <= int(Error::TruncatedData); ++I)
    CHECK(std::strcmp(cpio::describe(Error(I)), "unknown error") != 0);
}

// Nothing but the whole archive, less the padding of the trailer, reads to End.
void testEveryCut() {
  std::string Bytes =
      member("name", "data") + member("long/name", "12345") + Trailer;
  // The trailer's name ends at 110 + 11 and is padded to 124.
  size_t Padding = 3;
  for (size_t Size = 0; Size != Bytes.size() + 1; ++Size)
    CHECK((readAll(Bytes.substr(0, Size)) == Error::End) ==
          (Size >= Bytes.size() - Padding));
}

// Every single byte changed to some others: never a bad read.
void testEveryByte() {
  std::string Bytes = member("name", "data") + member("x", "12345") + Trailer;
  for (size_t I = 0; I != Bytes.size(); ++I)
    for (char C : {'\0', '0', '1', '7', 'f', 'F', 'g', '\xff'}) {
      std::string Changed = Bytes;
      Changed[I] = C;
      readAll(Changed);
      find(Changed, "x");
    }
}

} // namespace

int main() {
  testReading();
  testFind();
  testErrors();
  testEveryCut();
  testEveryByte();
  std::printf(Failures ? "cpio: %d failed\n" : "cpio: all passed\n", Failures);
  return Failures != 0;
}
