// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "exec.h"
#include "copy_user.h"
#include "cpu.h"
#include "elf.h"
#include "initrd.h"
#include "log.h"
#include "paging.h"
#include "random.h"
#include "string.h"
#include "vm.h"

namespace exec {
namespace {

using paging::PageSize;

constexpr uint64_t StackSize = 8 << 20;
constexpr uint64_t StackTop = vm::High - 0x10000;
constexpr uint64_t PieBase = 0x555555554000; // where Linux has it
constexpr uint64_t MaxProgramSize = 1ull << 32;
constexpr unsigned MaxStrings = 1024;

uint64_t alignUp(uint64_t N, uint64_t Align) {
  return (N + Align - 1) & -Align;
}
uint64_t pageUp(uint64_t N) { return alignUp(N, PageSize); }
uint64_t pageDown(uint64_t N) { return N & -PageSize; }

// Auxiliary vector (psABI 3.4.3, Linux include/uapi/linux/auxvec.h).
enum : uint64_t {
  AT_NULL = 0,
  AT_PHDR = 3,
  AT_PHENT = 4,
  AT_PHNUM = 5,
  AT_PAGESZ = 6,
  AT_BASE = 7,
  AT_FLAGS = 8,
  AT_ENTRY = 9,
  AT_UID = 11,
  AT_EUID = 12,
  AT_GID = 13,
  AT_EGID = 14,
  AT_PLATFORM = 15,
  AT_HWCAP = 16,
  AT_CLKTCK = 17,
  AT_SECURE = 23,
  AT_RANDOM = 25,
  AT_HWCAP2 = 26,
  AT_EXECFN = 31,
};
constexpr uint64_t Hwcap2Fsgsbase = 2; // programs may use rdfsbase and its kin

class Loader {
public:
  Loader(Process &P, Thread &T, char *Error, size_t ErrorSize)
      : P(P), T(T), Error(Error), ErrorSize(ErrorSize) {}

  bool run(process::Strings Arguments, process::Strings Environment, Start &S) {
    const char *Path = Arguments.next(nullptr);
    if (!Path || !*Path)
      return error("the initrd names no program");
    if (strlen(Path) >= sizeof(P.Path))
      return error("path of more than %lu bytes", sizeof(P.Path) - 1);
    memcpy(P.Path, Path, strlen(Path) + 1);
    if (!initrd::find(Path, File))
      return error("not in the initrd");

    elf::Range R = {vm::Low, vm::MmapTop, MaxProgramSize};
    if (elf::Error E = elf::plan(File.Data, File.Size, R, Plan)) {
      elf::describe(E, Error, ErrorSize);
      return false;
    }
    if (Plan.Pie)
      Bias = alignUp(PieBase, Plan.Align) - Plan.Low;
    S.Rip = Bias + Plan.Entry;
    return mapSegments() && makeTls() && makeStack(Arguments, Environment, S);
  }

private:
  __attribute__((format(printf, 2, 3))) bool error(const char *Format, ...) {
    va_list Values;
    va_start(Values, Format);
    formatV(Error, ErrorSize, Format, Values);
    va_end(Values);
    return false;
  }

  bool mapSegments() {
    if (!vm::map(Bias + Plan.Low, Plan.High - Plan.Low, vm::Read | vm::Write))
      return error("no memory for its segments");
    for (unsigned I = 0; I != Plan.NumSegments; ++I) {
      const elf::Segment &G = Plan.Segments[I];
      if (!copyToUser(Bias + G.VAddr, File.Data + G.Offset, G.FileSize))
        return error("no memory for its segments");
    }
    // Gaps get no access; a page of two segments gets what either asks for.
    uint64_t Done = Plan.Low;
    uint32_t LastProtection = 0;
    for (unsigned I = 0; I != Plan.NumSegments; ++I) {
      const elf::Segment &G = Plan.Segments[I];
      uint32_t Protection = (G.Flags & elf::Read ? vm::Read : 0) |
                            (G.Flags & elf::Write ? vm::Write : 0) |
                            (G.Flags & elf::Exec ? vm::Exec : 0);
      uint64_t Start = pageDown(G.VAddr), End = pageUp(G.VAddr + G.MemSize);
      if (Start > Done && !setProtection(Done, Start, 0))
        return false;
      if (Start < Done) {
        if (!setProtection(Start, Done, LastProtection | Protection))
          return false;
        Start = Done;
      }
      if (End > Start && !setProtection(Start, End, Protection))
        return false;
      Done = End > Done ? End : Done;
      LastProtection = Protection;
    }
    P.Brk = P.BrkStart = Bias + Plan.High;
    return true;
  }

  bool setProtection(uint64_t Start, uint64_t End, uint32_t Protection) {
    return vm::protect(Bias + Start, End - Start, Protection) ||
           error("no memory for its segments");
  }

  // Static programs with a libc make their own TLS and set FS themselves. For
  // those without, the block is ready and FS points to it.
  bool makeTls() {
    if (!Plan.Tls.MemSize)
      return true;
    // The image's start is not looked at: it is copied from the file below.
    segshift_tls_image Image = {nullptr, Plan.Tls.VAddr, 0, Plan.Tls.MemSize,
                                Plan.Tls.Align};
    struct segshift_tls_layout Layout;
    if (segshift_tls_layout(&Layout, &Image, 0))
      return error("its TLS is too large");
    uint64_t Below = Layout.tp_offset - Layout.image_offset;
    return mode::LoaderSharesBlock ? fillSharedTls(Below)
                                   : makeOwnTls(Layout, Below);
  }

  bool makeOwnTls(const struct segshift_tls_layout &Layout, uint64_t Below) {
    uint64_t Size = pageUp(Layout.size + Layout.align);
    uint64_t Block = vm::mapAnywhere(Size, vm::Read | vm::Write);
    if (!Block)
      return error("no memory for its TLS");
    uint64_t Tp = alignUp(Block, Layout.align) + Layout.tp_offset;
    if (!copyToUser(Tp - Below, tlsImage(), Plan.Tls.FileSize) ||
        !putUser(Tp + SEGSHIFT_TCB_SELF, Tp) ||
        !putUser(Tp + SEGSHIFT_TCB_SELF2, Tp) ||
        !mode::setInitialFs(T.Bases, Tp))
      return error("no memory for its TLS");
    return true;
  }

  // Over the kernel's own thread-locals of that thread.
  bool fillSharedTls(uint64_t Below) {
    if (Below > thread::sharedTlsRoom())
      return error("its TLS of %lu bytes does not fit into the kernel's block",
                   Plan.Tls.MemSize);
    char *To = static_cast<char *>(T.Bases.Tp) - Below;
    memcpy(To, tlsImage(), Plan.Tls.FileSize);
    memset(To + Plan.Tls.FileSize, 0, Plan.Tls.MemSize - Plan.Tls.FileSize);
    return true;
  }

  // The image lies within a segment (elf.h): its place in the file.
  const uint8_t *tlsImage() const {
    for (unsigned I = 0; I != Plan.NumSegments; ++I) {
      const elf::Segment &G = Plan.Segments[I];
      if (Plan.Tls.VAddr - G.VAddr < G.MemSize)
        return File.Data + G.Offset + (Plan.Tls.VAddr - G.VAddr);
    }
    return File.Data; // no image: .tbss only
  }

  // From high to low: strings, random bytes, auxv, envp, argv, argc (psABI,
  // figure 3.9).
  bool makeStack(process::Strings Arguments, process::Strings Environment,
                 Start &S) {
    Sp = mapStack();
    if (!Sp)
      return error("no memory for its stack");
    unsigned NumArguments = 0, NumVariables = 0;
    if (!pushStrings(Arguments, NumArguments) ||
        !pushStrings(Environment, NumVariables))
      return false;
    static const char Platform[] = "x86_64";
    uint64_t PlatformAddress = push(Platform, sizeof(Platform));
    uint64_t Random[2] = {random::next(), random::next()};
    uint64_t RandomAddress = push(Random, sizeof(Random));

    const uint64_t Auxv[][2] = {
        {AT_PHDR, Plan.PhdrAddr ? Bias + Plan.PhdrAddr : 0},
        {AT_PHENT, Plan.PhdrSize},
        {AT_PHNUM, Plan.PhdrCount},
        {AT_PAGESZ, PageSize},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, Bias + Plan.Entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_PLATFORM, PlatformAddress},
        {AT_HWCAP, cpu::cpuid(1).Edx},
        {AT_CLKTCK, 100},
        {AT_SECURE, 0},
        {AT_RANDOM, RandomAddress},
        {AT_HWCAP2, segshift_fsgsbase ? Hwcap2Fsgsbase : 0},
        {AT_EXECFN, Addresses[0]},
        {AT_NULL, 0},
    };
    uint64_t Words = 1 + NumArguments + 1 + NumVariables + 1;
    Sp = (Sp - Words * 8 - sizeof(Auxv)) & -16ull;
    S.Rsp = Sp;
    uint64_t At = Sp;
    auto Put = [&](uint64_t Value) {
      At += 8;
      return putUser(At - 8, Value);
    };
    bool Ok = Put(NumArguments);
    for (unsigned I = 0; I != NumArguments; ++I)
      Ok &= Put(Addresses[I]);
    Ok &= Put(0);
    for (unsigned I = 0; I != NumVariables; ++I)
      Ok &= Put(Addresses[NumArguments + I]);
    Ok &= Put(0);
    Ok &= copyToUser(At, Auxv, sizeof(Auxv));
    return Ok || error("no memory for its stack");
  }

  bool pushStrings(process::Strings Strings, unsigned &Count) {
    for (const char *S = nullptr; (S = Strings.next(S)); ++Count) {
      if (NumAddresses == MaxStrings)
        return error("more than %u arguments and environment variables",
                     MaxStrings);
      uint64_t Address = push(S, strlen(S) + 1);
      if (!Address)
        return error("arguments and environment do not fit on the stack");
      Addresses[NumAddresses++] = Address;
    }
    return true;
  }

  uint64_t push(const void *Data, size_t Size) {
    if (Sp - Size < StackTop - StackSize / 4)
      return 0;
    Sp = (Sp - Size) & -8ull;
    return copyToUser(Sp, Data, Size) ? Sp : 0;
  }

  Process &P;
  Thread &T;
  char *Error;
  size_t ErrorSize;
  initrd::File File;
  uint64_t Bias = 0;
  uint64_t Sp = 0;
  unsigned NumAddresses = 0;
  // Too large for a kernel stack; one program is loaded at a time.
  static elf::Plan Plan;
  static uint64_t Addresses[MaxStrings];
};

elf::Plan Loader::Plan;
uint64_t Loader::Addresses[MaxStrings];

} // namespace

bool load(Process &P, Thread &T, process::Strings Arguments,
          process::Strings Environment, Start &S, char *Error,
          size_t ErrorSize) {
  return Loader(P, T, Error, ErrorSize).run(Arguments, Environment, S);
}

uint64_t mapStack() {
  return vm::map(StackTop - StackSize, StackSize, vm::Read | vm::Write)
             ? StackTop
             : 0;
}

} // namespace exec
