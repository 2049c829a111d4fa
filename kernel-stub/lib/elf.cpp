// ELF checks and load plan. See elf.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/elf.h"

namespace elf {
namespace {

struct FileHeader { // Elf64_Ehdr
  uint8_t Ident[16];
  uint16_t Type, Machine;
  uint32_t Version;
  uint64_t Entry, PhOff, ShOff;
  uint32_t Flags;
  uint16_t EhSize, PhEntSize, PhNum, ShEntSize, ShNum, ShStrNdx;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader { // Elf64_Phdr
  uint32_t Type, Flags;
  uint64_t Offset, VAddr, PAddr, FileSize, MemSize, Align;
};
static_assert(sizeof(ProgramHeader) == 56);

enum : uint8_t { Class64 = 2, LittleEndian = 1, CurrentVersion = 1 };
enum : uint16_t { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62, PN_XNUM = 0xffff };
enum : uint32_t {
  PT_LOAD = 1,
  PT_INTERP = 3,
  PT_TLS = 7,
  PT_GNU_STACK = 0x6474e551
};

// x86-64 with four-level paging: addresses from 2^47 up to -2^47 do not exist.
constexpr uint64_t LowerHalfEnd = uint64_t(1) << 47;
constexpr uint64_t UpperHalf = -LowerHalfEnd;

bool isPowerOf2(uint64_t N) { return N && (N & (N - 1)) == 0; }

// Whether [Start, Start + Length) lies in [0, Limit), without wrapping.
bool fits(uint64_t Start, uint64_t Length, uint64_t Limit) {
  return Start <= Limit && Length <= Limit - Start;
}

// The end of a span for a message: an end past 2^64 is shown as 2^64 - 1.
uint64_t endOf(uint64_t Start, uint64_t Length) {
  uint64_t End;
  return __builtin_add_overflow(Start, Length, &End) ? ~uint64_t(0) : End;
}

class Planner {
public:
  Planner(Source &File, const Range &R, Plan &P)
      : File(File), Size(File.Size), R(R), P(P) {}

  Error run() {
    Error (Planner::*const Steps[])() = {
        &Planner::checkFileHeader, &Planner::checkProgramHeaders,
        &Planner::addSegments,     &Planner::checkExtent,
        &Planner::addTls,          &Planner::checkEntry,
        &Planner::addInterp,
    };
    for (auto Step : Steps) {
      Error E = (this->*Step)();
      if (Failed) // E is about bytes that are not the file's
        return {Code::ReadFailed};
      if (E)
        return E;
    }
    findStack();
    findProgramHeaders();
    return Failed ? Error{Code::ReadFailed} : Error{};
  }

private:
  // Within the file.
  template <typename T> T read(uint64_t Offset) {
    T Value = {};
    Failed |= !File.read(Offset, &Value, sizeof(T));
    return Value;
  }
  ProgramHeader header(unsigned I) {
    return read<ProgramHeader>(H.PhOff + uint64_t(I) * sizeof(ProgramHeader));
  }

  Error checkFileHeader();
  Error checkProgramHeaders();
  Error addSegments();
  Error addSegment(unsigned I, const ProgramHeader &Ph);
  Error checkAddress(unsigned I, const ProgramHeader &Ph) const;
  Error checkExtent();
  Error addTls();
  Error checkEntry();
  Error addInterp();
  void findStack();
  void findProgramHeaders();

  Source &File;
  const uint64_t Size;
  bool Failed = false;
  const Range &R;
  Plan &P;
  FileHeader H;
};

Error Planner::checkFileHeader() {
  // The magic first: a short text file is "not an ELF file", not a truncated
  // one.
  const uint8_t Magic[] = {0x7f, 'E', 'L', 'F'};
  for (unsigned I = 0; I != sizeof(Magic) && I < Size; ++I)
    if (read<uint8_t>(I) != Magic[I])
      return {Code::BadMagic};
  if (Size < sizeof(FileHeader))
    return {Code::TruncatedHeader, 0, sizeof(FileHeader), Size};
  H = read<FileHeader>(0);
  if (H.Ident[4] != Class64)
    return {Code::WrongClass, 0, H.Ident[4]};
  if (H.Ident[5] != LittleEndian)
    return {Code::WrongByteOrder, 0, H.Ident[5]};
  if (H.Ident[6] != CurrentVersion || H.Version != CurrentVersion)
    return {Code::BadVersion, 0, H.Ident[6], H.Version};
  if (H.Machine != EM_X86_64)
    return {Code::WrongMachine, 0, H.Machine};
  if (H.Type != ET_EXEC && H.Type != ET_DYN)
    return {Code::WrongType, 0, H.Type};
  P.Pie = H.Type == ET_DYN;
  P.Entry = H.Entry;
  return {};
}

Error Planner::checkProgramHeaders() {
  if (H.PhNum == 0)
    return {Code::NoHeaders};
  if (H.PhNum == PN_XNUM)
    return {Code::TooManyHeaders};
  if (H.PhEntSize != sizeof(ProgramHeader))
    return {Code::BadHeaderSize, 0, H.PhEntSize, sizeof(ProgramHeader)};
  uint64_t Length = uint64_t(H.PhNum) * sizeof(ProgramHeader);
  if (!fits(H.PhOff, Length, Size))
    return {Code::TruncatedHeaders, 0, endOf(H.PhOff, Length), Size};
  return {};
}

Error Planner::checkAddress(unsigned I, const ProgramHeader &Ph) const {
  uint64_t End;
  // A segment that ends at 2^64 exactly wraps to 0 as well.
  if (__builtin_add_overflow(Ph.VAddr, Ph.MemSize, &End))
    return {Code::SegmentWraps, I, Ph.VAddr, Ph.MemSize};
  if (Ph.VAddr >= UpperHalf)
    return {Code::KernelHalf, I, Ph.VAddr, End};
  if (Ph.VAddr >= LowerHalfEnd || End > LowerHalfEnd)
    return {Code::NotCanonical, I, Ph.VAddr, End};
  return {};
}

Error Planner::addSegment(unsigned I, const ProgramHeader &Ph) {
  if (Ph.FileSize > Ph.MemSize)
    return {Code::FileLargerThanMemory, I, Ph.FileSize, Ph.MemSize};
  if (Ph.Align > 1 && !isPowerOf2(Ph.Align))
    return {Code::BadAlignment, I, Ph.Align};
  if (Error E = checkAddress(I, Ph))
    return E;
  if (!fits(Ph.Offset, Ph.FileSize, Size))
    return {Code::TruncatedSegment, I, endOf(Ph.Offset, Ph.FileSize), Size};
  // Modulo the page size as gABI and mmap have it, and modulo p_align.
  uint64_t Align = Ph.Align > PageSize ? Ph.Align : PageSize;
  if ((Ph.VAddr - Ph.Offset) & (Align - 1))
    return {Code::NotCongruent, I, Ph.VAddr, Ph.Offset};
  if (P.NumSegments) {
    const Segment &Last = P.Segments[P.NumSegments - 1];
    if (Ph.VAddr < Last.VAddr)
      return {Code::NotAscending, I, Ph.VAddr, Last.VAddr};
    if (Ph.VAddr < Last.VAddr + Last.MemSize)
      return {Code::Overlap, I, Ph.VAddr, Last.VAddr + Last.MemSize};
  }
  if (P.NumSegments == MaxSegments)
    return {Code::TooManySegments, I, MaxSegments};
  P.Segments[P.NumSegments++] = {Ph.Offset, Ph.FileSize, Ph.VAddr, Ph.MemSize,
                                 Ph.Flags & 7};
  if (Align > P.Align)
    P.Align = Align;
  return {};
}

Error Planner::addSegments() {
  P.NumSegments = 0;
  P.Align = PageSize;
  for (unsigned I = 0; I != H.PhNum; ++I) {
    ProgramHeader Ph = header(I);
    // An empty PT_LOAD is allowed, and nothing to load.
    if (Ph.Type == PT_LOAD && (Ph.MemSize || Ph.FileSize))
      if (Error E = addSegment(I, Ph))
        return E;
  }
  if (!P.NumSegments)
    return {Code::NoSegments};
  return {};
}

Error Planner::checkExtent() {
  const Segment &Last = P.Segments[P.NumSegments - 1];
  // Both ends are at most 2^47: rounding up cannot wrap.
  P.Low = P.Segments[0].VAddr & -PageSize;
  P.High = (Last.VAddr + Last.MemSize + PageSize - 1) & -PageSize;
  uint64_t Extent = P.High - P.Low;
  if (Extent > R.MaxSize)
    return {Code::TooLarge, 0, Extent, R.MaxSize};
  if (!P.Pie && (P.Low < R.Low || P.High > R.High))
    return {Code::OutsideRange, 0, P.Low, P.High};
  if (P.Pie) {
    // The base is a multiple of Align, so room for one more Align is needed.
    uint64_t Room = R.High - R.Low;
    if (P.High > Room || P.Align > Room - P.High)
      return {Code::TooLarge, 0, endOf(P.High, P.Align), Room};
  }
  return {};
}

Error Planner::addTls() {
  P.Tls = {0, 0, 0, 1};
  bool Seen = false;
  for (unsigned I = 0; I != H.PhNum; ++I) {
    ProgramHeader Ph = header(I);
    if (Ph.Type != PT_TLS)
      continue;
    if (Seen)
      return {Code::SecondTls, I};
    Seen = true;
    if (Ph.FileSize > Ph.MemSize)
      return {Code::TlsFileLargerThanMemory, I, Ph.FileSize, Ph.MemSize};
    if (Ph.Align > 1 && !isPowerOf2(Ph.Align))
      return {Code::TlsBadAlignment, I, Ph.Align};
    if (!fits(Ph.Offset, Ph.FileSize, Size))
      return {Code::TruncatedTls, I, endOf(Ph.Offset, Ph.FileSize), Size};
    if (Ph.MemSize > R.MaxSize || Ph.Align > R.MaxSize)
      return {Code::TlsTooLarge, I,
              Ph.MemSize > Ph.Align ? Ph.MemSize : Ph.Align, R.MaxSize};
    bool Loaded = Ph.FileSize == 0;
    for (unsigned S = 0; S != P.NumSegments; ++S) {
      const Segment &Seg = P.Segments[S];
      if (Ph.VAddr >= Seg.VAddr &&
          fits(Ph.VAddr - Seg.VAddr, Ph.FileSize, Seg.FileSize))
        Loaded = true;
    }
    if (!Loaded)
      return {Code::TlsNotLoaded, I, Ph.VAddr, endOf(Ph.VAddr, Ph.FileSize)};
    P.Tls = {Ph.VAddr, Ph.FileSize, Ph.MemSize, Ph.Align ? Ph.Align : 1};
  }
  return {};
}

Error Planner::checkEntry() {
  if (R.IsLibrary)
    return {};
  for (unsigned S = 0; S != P.NumSegments; ++S) {
    const Segment &Seg = P.Segments[S];
    if ((Seg.Flags & Exec) && P.Entry >= Seg.VAddr &&
        P.Entry - Seg.VAddr < Seg.MemSize)
      return {};
  }
  return {Code::EntryOutside, 0, P.Entry};
}

Error Planner::addInterp() {
  P.Interp[0] = 0;
  bool Seen = false;
  for (unsigned I = 0; I != H.PhNum; ++I) {
    ProgramHeader Ph = header(I);
    if (Ph.Type != PT_INTERP)
      continue;
    if (Seen)
      return {Code::SecondInterp, I};
    Seen = true;
    if (!fits(Ph.Offset, Ph.FileSize, Size))
      return {Code::TruncatedInterp, I, endOf(Ph.Offset, Ph.FileSize), Size};
    // At least one character and the NUL.
    if (Ph.FileSize < 2 || Ph.FileSize > MaxInterp)
      return {Code::InterpSize, I, Ph.FileSize, MaxInterp};
    Failed |= !File.read(Ph.Offset, P.Interp, Ph.FileSize);
    if (P.Interp[Ph.FileSize - 1] || !P.Interp[0])
      return {Code::InterpUnterminated, I, Ph.Offset, Ph.FileSize};
  }
  return {};
}

// The last one counts, as on Linux.
void Planner::findStack() {
  P.ExecutableStack = false;
  for (unsigned I = 0; I != H.PhNum; ++I)
    if (ProgramHeader Ph = header(I); Ph.Type == PT_GNU_STACK)
      P.ExecutableStack = Ph.Flags & Exec;
}

void Planner::findProgramHeaders() {
  P.PhdrCount = H.PhNum;
  P.PhdrSize = sizeof(ProgramHeader);
  P.PhdrAddr = 0;
  uint64_t Length = uint64_t(H.PhNum) * sizeof(ProgramHeader);
  for (unsigned S = 0; S != P.NumSegments; ++S) {
    const Segment &Seg = P.Segments[S];
    if (H.PhOff >= Seg.Offset &&
        fits(H.PhOff - Seg.Offset, Length, Seg.FileSize))
      P.PhdrAddr = Seg.VAddr + (H.PhOff - Seg.Offset);
  }
}

// In a message, $a and $b stand for the error's numbers in hexadecimal, $d for
// the first in decimal, and $h for the index of the program header.
const char *message(Code C) {
  switch (C) {
  case Code::None:
    return "no error";
  case Code::TruncatedHeader:
    return "truncated: the ELF header ends at $a, the file at $b";
  case Code::BadMagic:
    return "not an ELF file";
  case Code::WrongClass:
    return "not a 64-bit ELF file: class $d, 2 is needed";
  case Code::WrongByteOrder:
    return "not a little-endian ELF file: data encoding $d, 1 is needed";
  case Code::BadVersion:
    return "unknown ELF version: $a in e_ident, $b in e_version, 1 is needed";
  case Code::WrongMachine:
    return "for another machine: e_machine $d, 62 (x86-64) is needed";
  case Code::WrongType:
    return "not an executable: e_type $d, 2 (ET_EXEC) or 3 (ET_DYN) is needed";
  case Code::BadHeaderSize:
    return "program headers of $a bytes each, $b are needed";
  case Code::NoHeaders:
    return "no program headers: nothing to load";
  case Code::TooManyHeaders:
    return "too many program headers (PN_XNUM)";
  case Code::TruncatedHeaders:
    return "truncated: program headers end at $a, the file at $b";
  case Code::SecondInterp:
    return "program header $h is a second PT_INTERP";
  case Code::TruncatedInterp:
    return "truncated: PT_INTERP, program header $h, ends at $a, the file at "
           "$b";
  case Code::InterpSize:
    return "PT_INTERP, program header $h: a path of $a bytes, 0x2 to $b are "
           "needed";
  case Code::InterpUnterminated:
    return "PT_INTERP, program header $h: the $b bytes at $a are not a string "
           "that "
           "ends with a NUL";
  case Code::NoSegments:
    return "no PT_LOAD segment: nothing to load";
  case Code::TooManySegments:
    return "more than $d PT_LOAD segments";
  case Code::TruncatedSegment:
    return "truncated: segment $h ends at $a, the file at $b";
  case Code::FileLargerThanMemory:
    return "segment $h: p_filesz $a is larger than p_memsz $b";
  case Code::BadAlignment:
    return "segment $h: p_align $a is not a power of two";
  case Code::NotCongruent:
    return "segment $h: p_vaddr $a and p_offset $b differ modulo the page size "
           "or p_align";
  case Code::SegmentWraps:
    return "segment $h: p_vaddr $a + p_memsz $b wraps around";
  case Code::NotCanonical:
    return "segment $h: [$a, $b) is not all canonical addresses";
  case Code::KernelHalf:
    return "segment $h: [$a, $b) lies in the kernel's half of the address "
           "space";
  case Code::OutsideRange:
    return "addresses [$a, $b) are outside those that programs may use";
  case Code::TooLarge:
    return "too large: the segments span $a bytes, the limit is $b";
  case Code::NotAscending:
    return "segment $h at $a comes after one at $b: not in ascending order";
  case Code::Overlap:
    return "overlapping segments: segment $h starts at $a, the one before it "
           "ends at $b";
  case Code::SecondTls:
    return "program header $h is a second PT_TLS";
  case Code::TruncatedTls:
    return "truncated: PT_TLS (program header $h) ends at $a, the file at $b";
  case Code::TlsFileLargerThanMemory:
    return "PT_TLS (program header $h): p_filesz $a is larger than p_memsz $b";
  case Code::TlsBadAlignment:
    return "PT_TLS (program header $h): p_align $a is not a power of two";
  case Code::TlsTooLarge:
    return "PT_TLS (program header $h): size or alignment $a, the limit is $b";
  case Code::TlsNotLoaded:
    return "PT_TLS (program header $h): image [$a, $b) is not within one "
           "loaded segment";
  case Code::EntryOutside:
    return "entry point $a is not in an executable segment";
  case Code::ReadFailed:
    return "the file cannot be read";
  }
  return "unknown error";
}

// Appends to a buffer, and silently stops at its end.
class Writer {
public:
  Writer(char *Out, size_t Size) : Out(Out), Room(Size - 1) {}
  ~Writer() { *Out = 0; }
  void put(char C) {
    if (Room) {
      *Out++ = C;
      --Room;
    }
  }
  void number(uint64_t N, unsigned Base) {
    if (Base == 16) {
      put('0');
      put('x');
    }
    digits(N, Base);
  }

private:
  void digits(uint64_t N, unsigned Base) {
    if (N >= Base)
      digits(N / Base, Base);
    put("0123456789abcdef"[N % Base]);
  }
  char *Out;
  size_t Room;
};

} // namespace

const char *describe(const Error &E, char *Out, size_t Size) {
  Writer W(Out, Size);
  for (const char *M = message(E.C); *M; ++M) {
    if (*M != '$') {
      W.put(*M);
      continue;
    }
    switch (*++M) {
    case 'a':
      W.number(E.A, 16);
      break;
    case 'b':
      W.number(E.B, 16);
      break;
    case 'd':
      W.number(E.A, 10);
      break;
    case 'h':
      W.number(E.Header, 10);
      break;
    }
  }
  return Out;
}

Error plan(Source &File, const Range &R, Plan &P) {
  return Planner(File, R, P).run();
}

} // namespace elf
