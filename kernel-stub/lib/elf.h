// Checks an ELF64 x86-64 executable, and says how to load it. Freestanding: no
// allocation, no libc; of the file, the headers and the interpreter's path are
// read, and nothing behind its end. What plan() accepts needs no further check;
// the interpreter is a file to be checked by a plan() of its own.
//
// Accepted are ET_EXEC, and ET_DYN (PIE, or a dynamic linker).
//
// Format: System V gABI, chapters 4 and 5; x86-64 psABI, chapter 5.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_ELF_H
#define STUB_ELF_H

#include <stddef.h>
#include <stdint.h>

namespace elf {

constexpr uint64_t PageSize = 4096;
constexpr unsigned MaxSegments = 32; // PT_LOADs
constexpr uint64_t MaxInterp = 4096; // PATH_MAX: with its NUL

enum class Code : uint8_t {
  None,
  TruncatedHeader,
  BadMagic,
  WrongClass,
  WrongByteOrder,
  BadVersion,
  WrongMachine,
  WrongType,
  BadHeaderSize,
  NoHeaders,
  TooManyHeaders,
  TruncatedHeaders,
  SecondInterp,
  TruncatedInterp,
  InterpSize,
  InterpUnterminated,
  NoSegments,
  TooManySegments,
  TruncatedSegment,
  FileLargerThanMemory,
  BadAlignment,
  NotCongruent,
  SegmentWraps,
  NotCanonical,
  KernelHalf,
  OutsideRange,
  TooLarge,
  NotAscending,
  Overlap,
  SecondTls,
  TruncatedTls,
  TlsFileLargerThanMemory,
  TlsBadAlignment,
  TlsTooLarge,
  TlsNotLoaded,
  EntryOutside,
  ReadFailed,
};

// What is wrong with a file: the code, the program header it is about, and the
// two numbers that its message names.
struct Error {
  Code C = Code::None;
  unsigned Header = 0;
  uint64_t A = 0, B = 0;

  explicit operator bool() const { return C != Code::None; }
};

// Writes the error as one line of text, such as "truncated: program headers end
// at 0x1c8, the file at 0x100", to Out, always NUL-terminated and cut to Size
// bytes. Size must not be 0. Returns Out.
const char *describe(const Error &E, char *Out, size_t Size);

// One PT_LOAD: MemSize bytes at VAddr, of which the first FileSize come from
// Offset in the file and the rest are zero. Segments are in ascending order and
// do not overlap, but two of them may share a page.
struct Segment {
  uint64_t Offset;
  uint64_t FileSize;
  uint64_t VAddr;
  uint64_t MemSize;
  uint32_t Flags; // Exec | Write | Read
};
enum : uint32_t { Exec = 1, Write = 2, Read = 4 }; // PF_X, PF_W, PF_R

// PT_TLS. VAddr and FileSize are the initialisation image; it lies within one
// segment. MemSize and Align are those of the block to be made; Align is a
// power of two. MemSize 0: the program has no TLS.
struct Tls {
  uint64_t VAddr;
  uint64_t FileSize;
  uint64_t MemSize;
  uint64_t Align;
};

// How to load a file. If Pie, every address is relative to a base that the
// kernel chooses: a multiple of Align such that base + Low and base + High lie
// within the Range given. Otherwise the base is 0.
struct Plan {
  Segment Segments[MaxSegments];
  unsigned NumSegments;
  bool Pie;
  bool ExecutableStack; // by PT_GNU_STACK; without one it is not, as on Linux
  elf::Tls Tls;
  uint64_t Entry;
  uint64_t Low, High; // [Low, High) holds all segments, in whole pages
  uint64_t Align;     // largest alignment of a segment, at least PageSize
  // For the auxiliary vector. PhdrAddr is 0 if no segment holds the headers.
  uint64_t PhdrAddr;
  uint16_t PhdrCount;
  uint16_t PhdrSize;
  // PT_INTERP: the path of the dynamic linker, which is to be loaded as well
  // and started instead. Empty: there is none.
  char Interp[MaxInterp];
};

// The addresses that programs may use, [Low, High), both multiples of PageSize
// in the lower canonical half; and the most memory that one may claim.
struct Range {
  uint64_t Low, High;
  uint64_t MaxSize;
  bool IsLibrary = false; // e_entry does not count
};

// A file to be checked.
class Source {
public:
  explicit Source(uint64_t Size) : Size(Size) {}
  // Size bytes at Offset, all of them within the file. False: cannot be read.
  virtual bool read(uint64_t Offset, void *To, size_t Size) = 0;

  const uint64_t Size;

protected:
  ~Source() = default;
};

// Fills P from the file, or says what is wrong with it (then P is unspecified).
Error plan(Source &File, const Range &R, Plan &P);

} // namespace elf

#endif
