// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/image.h"
#include "cpu/copy_user.h"
#include "device/log.h"
#include "lib/error.h"
#include "memory/paging.h"
#include "user/vm.h"

namespace exec {
namespace {

using paging::PageSize;

constexpr uint64_t MaxSize = 1ull << 32; // of all segments

uint64_t pageDown(uint64_t N) { return N & -PageSize; }
uint64_t pageUp(uint64_t N) { return pageDown(N + PageSize - 1); }
uint64_t min(uint64_t A, uint64_t B) { return A < B ? A : B; }

// What the ELF checks read.
class FileSource final : public elf::Source {
public:
  FileSource(Image &I, uint64_t Size) : Source(Size), I(I) {}
  bool read(uint64_t Offset, void *To, size_t Size) override {
    return I.read(Offset, To, Size);
  }

private:
  Image &I;
};

bool clearUser(uint64_t To, uint64_t Size) {
  static const char Zeros[256] = {};
  for (uint64_t N; Size; To += N, Size -= N) {
    N = min(Size, sizeof(Zeros));
    if (!::copyToUser(To, Zeros, N))
      return false;
  }
  return true;
}

} // namespace

bool Reason::operator()(const char *Format, ...) {
  size_t Used = 0;
  if (Interpreter)
    Used = format(Text, Size, "its interpreter %s: ", Interpreter);
  va_list Values;
  va_start(Values, Format);
  formatV(Text + Used, Size - Used, Format, Values);
  va_end(Values);
  return false;
}

Image::~Image() {
  if (File)
    File->unref();
}

bool Image::open(const char *Path) {
  int Number = 0;
  File = file::open(Path, Number);
  if (!File) {
    if (Number == ENOENT)
      return Error("not in the initrd");
    return Error("cannot be opened: error %d", Number);
  }
  file::Status S;
  File->status(S);
  if ((S.Mode & file::TypeMask) != file::Regular)
    return Error("not a regular file");
  return true;
}

bool Image::plan(bool HasEntry) {
  FileSource Source(*this, File->size());
  if (elf::Error E =
          elf::plan(Source, {vm::Low, vm::MmapTop, MaxSize, !HasEntry}, Plan)) {
    char Text[160];
    return Error("%s", elf::describe(E, Text, sizeof(Text)));
  }
  return true;
}

uint64_t Image::size() const { return File->size(); }

bool Image::read(uint64_t Offset, void *To, size_t Size) {
  return File->readAt(Offset, To, Size) == static_cast<int64_t>(Size);
}

size_t Image::readStart(char *To, size_t Size) {
  int64_t N = File->readAt(0, To, Size);
  return N < 0 ? 0 : N;
}

bool Image::copyToUser(uint64_t To, uint64_t Offset, uint64_t Size) {
  char Buffer[512];
  for (uint64_t N; Size; To += N, Offset += N, Size -= N) {
    N = min(Size, sizeof(Buffer));
    if (!read(Offset, Buffer, N) || !::copyToUser(To, Buffer, N))
      return false;
  }
  return true;
}

bool Image::map(uint64_t Base) {
  // All of it is taken first, without access, so that gaps between segments
  // stay its own.
  uint64_t Size = Plan.High - Plan.Low, Start = Plan.Low;
  if (Plan.Pie) {
    uint64_t Room = Size + Plan.Align, Taken = 0;
    if (!Base && !(Base = Taken = vm::mapAnywhere(Room, {})))
      return Error("no room for its segments");
    // A multiple of Align, so that its lowest address is at Base or less than
    // Align above.
    Bias = (Base - Plan.Low + Plan.Align - 1) & -Plan.Align;
    Start += Bias;
    if (Taken && !vm::unmap(Taken, Room))
      return Error("no memory for its segments");
  }
  if (!vm::mapNew(Start, Size, {})) {
    if (LastError == EEXIST)
      return Error("addresses [0x%lx, 0x%lx) are taken already", Start,
                   Start + Size);
    return Error("no memory for its segments");
  }
  Done = Start;
  for (unsigned I = 0; I != Plan.NumSegments; ++I)
    if (!mapSegment(Plan.Segments[I]))
      return Error("no memory for its segments");
  return true;
}

bool Image::mapPages(uint64_t Start, uint64_t End, uint32_t Protection,
                     Node *From, uint64_t Offset) {
  if (Start >= End)
    return true;
  vm::Mapping M;
  M.Protection = Protection;
  M.File = From;
  M.FileOffset = From ? Offset : 0;
  return vm::map(Start, End - Start, M);
}

bool Image::mapSegment(const elf::Segment &G) {
  constexpr uint32_t ReadWrite = vm::Read | vm::Write;
  uint32_t Protection = (G.Flags & elf::Read ? vm::Read : 0) |
                        (G.Flags & elf::Write ? vm::Write : 0) |
                        (G.Flags & elf::Exec ? vm::Exec : 0);
  uint64_t Start = Bias + G.VAddr, FileEnd = Start + G.FileSize;
  uint64_t First = pageDown(Start), End = pageUp(Start + G.MemSize);
  bool Ok = true;

  // A page that the previous segment has begun gets this one's bytes as well,
  // and the access that either asks for.
  if (First < Done) {
    First = Done;
    uint64_t Page = Done - PageSize;
    uint64_t InPage =
        min(FileEnd, Done) > Start ? min(FileEnd, Done) - Start : 0;
    LastProtection |= Protection;
    Ok = vm::protect(Page, PageSize, ReadWrite) &&
         copyToUser(Start, G.Offset, InPage) &&
         clearUser(Start + InPage,
                   min(Start + G.MemSize, Done) - (Start + InPage)) &&
         vm::protect(Page, PageSize, LastProtection);
  }
  if (!Ok || First >= End)
    return Ok;

  // The rest: pages of the file, then zeros; and zeros in the page of both.
  uint64_t FilePages = G.FileSize ? pageUp(FileEnd) : First;
  FilePages = FilePages > First ? FilePages : First;
  bool HasTail = G.MemSize > G.FileSize && FilePages > First;
  uint32_t AtFirst = HasTail ? ReadWrite : Protection;
  uint64_t Offset = pageDown(G.Offset) + (First - pageDown(Start));
  Ok = mapPages(First, FilePages, AtFirst, File, Offset) &&
       mapPages(FilePages, End, Protection, nullptr, 0);
  if (Ok && HasTail)
    Ok = clearUser(FileEnd, FilePages - FileEnd) &&
         vm::protect(First, FilePages - First, Protection);
  Done = End;
  LastProtection = Protection;
  return Ok;
}

} // namespace exec
