// The stub's ELF checks and its archive reader on anything. The first byte
// chooses: even, an ELF file; odd, a cpio archive. What plan() accepts must be
// as elf.h promises.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/lib/cpio.h"
#include "../../kernel-stub/lib/elf.h"

#include <cstring>
#include <memory>

namespace {

struct Bytes final : elf::Source {
  Bytes(const uint8_t *Data, size_t Size) : Source(Size), Data(Data) {}
  bool read(uint64_t Offset, void *To, size_t N) override {
    if (Offset > Size || N > Size - Offset)
      __builtin_trap(); // behind the end of the file
    std::memcpy(To, Data + Offset, N);
    return true;
  }
  const uint8_t *Data;
};

void require(bool Condition) {
  if (!Condition)
    __builtin_trap();
}

void checkPlan(const elf::Plan &P, const elf::Range &R, uint64_t FileSize) {
  require(P.NumSegments > 0 && P.NumSegments <= elf::MaxSegments);
  require(P.Low < P.High && P.Low % elf::PageSize == 0 &&
          P.High % elf::PageSize == 0 && P.High - P.Low <= R.MaxSize);
  require(P.Pie || (P.Low >= R.Low && P.High <= R.High));
  uint64_t End = 0;
  for (unsigned I = 0; I != P.NumSegments; ++I) {
    const elf::Segment &S = P.Segments[I];
    require(S.FileSize <= S.MemSize && S.VAddr >= P.Low && S.VAddr >= End &&
            S.MemSize <= P.High - S.VAddr);
    require(S.Offset <= FileSize && S.FileSize <= FileSize - S.Offset);
    End = S.VAddr + S.MemSize;
  }
  if (P.Tls.MemSize)
    require(P.Tls.FileSize <= P.Tls.MemSize &&
            (P.Tls.Align & (P.Tls.Align - 1)) == 0);
  require(std::memchr(P.Interp, 0, sizeof(P.Interp)));
}

void fuzzElf(const uint8_t *Data, size_t Size) {
  static const elf::Range Range = {0x10000, 0x7ffffffff000, 1ull << 36};
  auto P = std::make_unique<elf::Plan>();
  Bytes File(Data, Size);
  elf::Error E = elf::plan(File, Range, *P);
  char Text[64];
  require(std::strlen(elf::describe(E, Text, sizeof(Text))) < sizeof(Text));
  if (!E)
    checkPlan(*P, Range, Size);
}

void fuzzCpio(const uint8_t *Data, size_t Size) {
  cpio::Reader R(Data, Size);
  cpio::Entry E;
  cpio::Error Last;
  size_t Before = 0;
  while ((Last = R.next(E)) == cpio::Error::None) {
    require(R.offset() > Before && R.offset() <= Size + 3);
    Before = R.offset();
    // Both lie within the archive: ASan looks.
    volatile size_t Sum = std::strlen(E.Name);
    for (size_t I = 0; I != E.Size; ++I)
      Sum = Sum + E.Data[I];
  }
  require(R.next(E) == Last && *cpio::describe(Last));
  cpio::find(Data, Size, "/bin/program", E);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  if (!Size)
    return 0;
  // A block of its own, so that ASan sees each read behind its end.
  std::unique_ptr<uint8_t[]> Copy(new uint8_t[Size - 1]);
  std::memcpy(Copy.get(), Data + 1, Size - 1);
  (Data[0] % 2 ? fuzzCpio : fuzzElf)(Copy.get(), Size - 1);
  return 0;
}
