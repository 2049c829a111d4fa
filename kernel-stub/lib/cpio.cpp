// The newc reader. See cpio.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/cpio.h"

namespace cpio {
namespace {

// A header: the magic's six digits, then thirteen fields of eight.
constexpr size_t MagicSize = 6, FieldSize = 8, HeaderSize = 110;
enum Field {
  Inode = 0,
  Mode = 1,
  Links = 4,
  Time = 5,
  FileSize = 6,
  NameSize = 11
};

bool equal(const uint8_t *Bytes, const char *Text) {
  for (; *Text; ++Text, ++Bytes)
    if (*Bytes != static_cast<uint8_t>(*Text))
      return false;
  return true;
}

bool readHex(const uint8_t *Digits, uint32_t &Value) {
  Value = 0;
  for (size_t I = 0; I != FieldSize; ++I) {
    uint8_t C = Digits[I];
    uint32_t Digit;
    if (C >= '0' && C <= '9')
      Digit = C - '0';
    else if (C >= 'a' && C <= 'f')
      Digit = C - 'a' + 10;
    else if (C >= 'A' && C <= 'F')
      Digit = C - 'A' + 10;
    else
      return false;
    Value = Value << 4 | Digit;
  }
  return true;
}

// Sizes are 32-bit fields, so that no sum of them can wrap a size_t.
static_assert(sizeof(size_t) == 8);
size_t alignTo4(size_t N) { return (N + 3) & ~size_t(3); }

const char *skipRoot(const char *Path) {
  for (;;) {
    if (Path[0] == '/')
      ++Path;
    else if (Path[0] == '.' && Path[1] == '/')
      Path += 2;
    else
      return Path;
  }
}

bool samePath(const char *A, const char *B) {
  A = skipRoot(A);
  B = skipRoot(B);
  for (; *A && *A == *B; ++A, ++B)
    ;
  return *A == *B;
}

} // namespace

const char *describe(Error E) {
  switch (E) {
  case Error::None:
    return "no error";
  case Error::End:
    return "end of the archive";
  case Error::NotFound:
    return "no such file in the archive";
  case Error::TruncatedHeader:
    return "the archive ends inside a header, or without its trailer";
  case Error::BadMagic:
    return "not a cpio archive: no magic number where a header should start";
  case Error::NotNewc:
    return "a cpio archive, but not in the newc format (make it with cpio -H "
           "newc)";
  case Error::BadNumber:
    return "a header field is not a hexadecimal number";
  case Error::EmptyName:
    return "a member without a name";
  case Error::TruncatedName:
    return "a name reaches past the end of the archive";
  case Error::UnterminatedName:
    return "a name does not end where its size says";
  case Error::TruncatedData:
    return "a file reaches past the end of the archive";
  }
  return "unknown error";
}

Error Reader::next(Entry &E) {
  if (Size - Pos < HeaderSize)
    return Error::TruncatedHeader;
  const uint8_t *Header = Begin + Pos;
  if (!equal(Header, "070701")) {
    // 070702 is newc with check sums, 070707 the old character format, and the
    // two bytes c7 71 the old binary one.
    if (equal(Header, "070702") || equal(Header, "070707") ||
        equal(Header, "\xc7\x71"))
      return Error::NotNewc;
    return Error::BadMagic;
  }
  auto Read = [&](Field F, uint32_t &Value) {
    return readHex(Header + MagicSize + F * FieldSize, Value);
  };
  uint32_t NSize, FSize;
  if (!Read(Inode, E.Inode) || !Read(Mode, E.Mode) || !Read(Links, E.Links) ||
      !Read(Time, E.Time) || !Read(FileSize, FSize) || !Read(NameSize, NSize))
    return Error::BadNumber;

  size_t Name = Pos + HeaderSize;
  if (NSize <= 1)
    return Error::EmptyName;
  if (Size - Name < NSize)
    return Error::TruncatedName;
  for (size_t I = 0; I != NSize; ++I)
    if ((Begin[Name + I] == 0) != (I == NSize - 1))
      return Error::UnterminatedName;
  if (equal(Begin + Name, "TRAILER!!!") && NSize == sizeof("TRAILER!!!"))
    return Error::End;

  size_t Data = alignTo4(Name + NSize);
  if (Data > Size || Size - Data < FSize)
    return Error::TruncatedData;
  E.Name = reinterpret_cast<const char *>(Begin + Name);
  E.Data = Begin + Data;
  E.Size = FSize;
  // The padding after the last file may be cut off; the next call says so.
  size_t Next = alignTo4(Data + FSize);
  Pos = Next < Size ? Next : Size;
  return Error::None;
}

Error find(const void *Archive, size_t Size, const char *Path, Entry &Found) {
  Reader R(Archive, Size);
  Error Result = Error::NotFound;
  for (Entry E;;) {
    Error Err = R.next(E);
    if (Err == Error::End)
      return Result;
    if (Err != Error::None)
      return Err;
    if (samePath(E.Name, Path)) {
      Found = E;
      Result = Error::None;
    }
  }
}

} // namespace cpio
