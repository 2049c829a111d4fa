// The kernel's ELF checks on generated files, good and bad in one way each, and
// on mutations of a good one. Catches: an error that is missed or named
// wrongly, reads past the file (ASan), overflow in sums of header fields, and a
// plan that breaks what elf.h promises.
//
// RUN: %clangxx -std=c++20 -g -O1 -Wall -Werror -iquote %src/kernel-stub \
// RUN:   -fsanitize=address,undefined -fno-sanitize-recover=all \
// RUN:   %src/kernel-stub/lib/elf.cpp %s -o %t
// RUN: %t | FileCheck %s
// CHECK: elf: all passed
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/lib/elf.h"
#include "check.h"

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// The host's own structures, so that ours are not checked against themselves.
#include </usr/include/elf.h>

using elf::Code;

namespace {

const elf::Range Range = {0x10000, 0x7ffffffff000, 1ull << 36};

// A program as a linker makes it: text with the headers, data with .bss, TLS.
struct Program {
  Elf64_Ehdr E = {};
  std::vector<Elf64_Phdr> P;
  size_t Size = 0x3000;

  Program(Elf64_Half Type = ET_EXEC, Elf64_Addr Base = 0x400000) {
    std::memcpy(E.e_ident, ELFMAG, SELFMAG);
    E.e_ident[EI_CLASS] = ELFCLASS64;
    E.e_ident[EI_DATA] = ELFDATA2LSB;
    E.e_ident[EI_VERSION] = EV_CURRENT;
    E.e_type = Type;
    E.e_machine = EM_X86_64;
    E.e_version = EV_CURRENT;
    E.e_entry = Base + 0x800;
    E.e_phoff = sizeof(E);
    E.e_ehsize = sizeof(E);
    E.e_phentsize = sizeof(Elf64_Phdr);
    P.push_back({PT_LOAD, PF_R | PF_X, 0, Base, Base, 0x1800, 0x1800, 0x1000});
    P.push_back({PT_LOAD, PF_R | PF_W, 0x1800, Base + 0x2800, 0, 0x1000, 0x5000,
                 0x1000});
    P.push_back({PT_TLS, PF_R, 0x1800, Base + 0x2800, 0, 0x40, 0x10040, 64});
    P.push_back({PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16});
  }

  std::string bytes() const {
    Elf64_Ehdr Header = E;
    if (!Header.e_phnum)
      Header.e_phnum = P.size();
    std::string B(std::max<size_t>(Size, 0x3000), '\0');
    std::memcpy(B.data(), &Header, sizeof(Header));
    std::memcpy(B.data() + sizeof(Header), P.data(), P.size() * sizeof(P[0]));
    B.resize(Size);
    return B;
  }
};

// Plans a copy that ends where its heap block ends, at an odd address.
elf::Error plan(const std::string &Bytes, elf::Plan &P,
                const elf::Range &R = Range) {
  std::unique_ptr<char[]> Block(new char[Bytes.size() + 1]);
  std::memcpy(Block.get() + 1, Bytes.data(), Bytes.size());
  struct Copy final : elf::Source {
    Copy(const char *Data, size_t Size) : Source(Size), Data(Data) {}
    bool read(uint64_t Offset, void *To, size_t Size) override {
      std::memcpy(To, Data + Offset, Size);
      return true;
    }
    const char *Data;
  } File(Block.get() + 1, Bytes.size());
  return elf::plan(File, R, P);
}

std::string text(const elf::Error &E) {
  char Buffer[256];
  return elf::describe(E, Buffer, sizeof(Buffer));
}

void expect(int Line, const std::string &Bytes, Code Want,
            const std::string &Text) {
  elf::Plan P;
  elf::Error E = plan(Bytes, P);
  if (E.C == Want && text(E).find(Text) != std::string::npos)
    return;
  std::printf("%s:%d: failed: found \"%s\", expected \"%s\"\n", __FILE__, Line,
              text(E).c_str(), Text.c_str());
  ++Failures;
}

void bad(int Line, Code Want, const char *Text,
         const std::function<void(Program &)> &Break) {
  Program P;
  Break(P);
  expect(Line, P.bytes(), Want, Text);
}
#define BAD(Want, Text, ...)                                                   \
  bad(__LINE__, Code::Want, Text, [](Program &P) { __VA_ARGS__; })

void testExec() {
  elf::Plan P;
  elf::Error E = plan(Program().bytes(), P);
  CHECK(!E);
  CHECK(text(E) == "no error");
  CHECK(!P.Pie && P.NumSegments == 2 && P.Entry == 0x400800);
  const elf::Segment &Data = P.Segments[1];
  CHECK(Data.Offset == 0x1800 && Data.VAddr == 0x402800);
  CHECK(Data.FileSize == 0x1000 && Data.MemSize == 0x5000);
  CHECK(Data.Flags == (elf::Read | elf::Write));
  CHECK(P.Segments[0].Flags == (elf::Read | elf::Exec));
  CHECK(P.Low == 0x400000 && P.High == 0x408000 && P.Align == 0x1000);
  CHECK(P.Tls.VAddr == 0x402800 && P.Tls.FileSize == 0x40);
  CHECK(P.Tls.MemSize == 0x10040 && P.Tls.Align == 64);
  CHECK(P.PhdrAddr == 0x400040 && P.PhdrCount == 4 && P.PhdrSize == 56);
}

void testPie() {
  elf::Plan P;
  CHECK(!plan(Program(ET_DYN, 0).bytes(), P));
  CHECK(P.Pie && P.Low == 0 && P.High == 0x8000 && P.Entry == 0x800 &&
        P.PhdrAddr == 0x40);
  // Room for a base that is a multiple of Align, and not a byte less.
  CHECK(!plan(Program(ET_DYN, 0).bytes(), P, {0x10000, 0x19000, 1 << 20}));
  CHECK(plan(Program(ET_DYN, 0).bytes(), P, {0x10000, 0x18000, 1 << 20}).C ==
        Code::TooLarge);
}

void testVariants() {
  elf::Plan P;
  Program NoTls;
  NoTls.P.erase(NoTls.P.begin() + 2);
  CHECK(!plan(NoTls.bytes(), P) && P.Tls.MemSize == 0 && P.Tls.Align == 1);
  Program TbssOnly; // its address is past the data, and means nothing
  TbssOnly.P[2] = {PT_TLS, PF_R, 0x2800, 0x407800, 0, 0, 0x10000, 4096};
  CHECK(!plan(TbssOnly.bytes(), P) && P.Tls.MemSize == 0x10000 &&
        P.Tls.Align == 4096);
  Program Unmapped; // the headers are in no segment
  Unmapped.P[0].p_offset += 0x1000;
  Unmapped.P[0].p_filesz -= 0x1000;
  CHECK(!plan(Unmapped.bytes(), P) && P.PhdrAddr == 0);
  Program
      SharedPage; // two segments on one page, as ld -z noseparate-code may do
  SharedPage.P[1].p_vaddr = SharedPage.P[2].p_vaddr = 0x401800;
  CHECK(!plan(SharedPage.bytes(), P));
  Program Empty;
  Empty.P.insert(Empty.P.begin(), {PT_LOAD, PF_R, 0, 0, 0, 0, 0, 0x1000});
  CHECK(!plan(Empty.bytes(), P) && P.NumSegments == 2);
  Program Aligned;
  Aligned.P[1].p_align = 0x200000;
  Aligned.P[1].p_vaddr = Aligned.P[2].p_vaddr = 0x601800;
  CHECK(!plan(Aligned.bytes(), P) && P.Align == 0x200000);
}

// PT_GNU_STACK: the last one counts; without one, as if it did not ask.
void testStack() {
  elf::Plan P;
  Program Stack;
  CHECK(!plan(Stack.bytes(), P) && !P.ExecutableStack);
  Stack.P.push_back({PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0, 0, 0, 0, 16});
  CHECK(!plan(Stack.bytes(), P) && P.ExecutableStack);
  Stack.P.push_back({PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16});
  CHECK(!plan(Stack.bytes(), P) && !P.ExecutableStack);
  for (int I = 0; I != 3; ++I)
    Stack.P.erase(Stack.P.begin() + 3);
  CHECK(!plan(Stack.bytes(), P) && !P.ExecutableStack);
}

void testInterp() {
  Program Dynamic(ET_DYN, 0);
  Dynamic.P.push_back({PT_INTERP, PF_R, 0x2000, 0x3000, 0, 8, 8, 1});
  std::string Bytes = Dynamic.bytes();
  std::memcpy(&Bytes[0x2000], "/lib/ld", 8);
  elf::Plan P;
  CHECK(!plan(Bytes, P) && P.Interp == std::string("/lib/ld"));
  CHECK(!plan(Program().bytes(), P) && !*P.Interp);
}

// A file that cannot be read at some place: that is said, whatever the bytes
// that are missing would have been.
void testReadFailures() {
  struct Bad final : elf::Source {
    Bad(const std::string &Data, unsigned Good)
        : Source(Data.size()), Data(Data), Good(Good) {}
    bool read(uint64_t Offset, void *To, size_t Size) override {
      if (!Good)
        return false;
      --Good;
      std::memcpy(To, Data.data() + Offset, Size);
      return true;
    }
    const std::string &Data;
    unsigned Good;
  };
  std::string Bytes = Program().bytes();
  elf::Plan P;
  unsigned Reads = 0;
  for (;; ++Reads) {
    Bad File(Bytes, Reads);
    elf::Error E = elf::plan(File, Range, P);
    if (!E)
      break;
    CHECK(E.C == Code::ReadFailed);
  }
  CHECK(Reads > 10);
}

void testBadFiles() {
  expect(__LINE__, "", Code::TruncatedHeader,
         "truncated: the ELF header ends at 0x40, the file at 0x0");
  expect(__LINE__, "#!/bin/sh\n", Code::BadMagic, "not an ELF file");
  BAD(TruncatedHeader, "the file at 0x3f", P.Size = 63);
  BAD(WrongClass, "class 1", P.E.e_ident[EI_CLASS] = ELFCLASS32);
  BAD(WrongByteOrder, "data encoding 2", P.E.e_ident[EI_DATA] = ELFDATA2MSB);
  BAD(BadVersion, "0x0 in e_ident", P.E.e_ident[EI_VERSION] = 0);
  BAD(BadVersion, "0x2 in e_version", P.E.e_version = 2);
  BAD(WrongMachine, "e_machine 183", P.E.e_machine = EM_AARCH64);
  BAD(WrongType, "e_type 1,", P.E.e_type = ET_REL);
  BAD(WrongType, "e_type 4,", P.E.e_type = ET_CORE);
  BAD(NoHeaders, "no program headers", P.P.clear());
  BAD(TooManyHeaders, "PN_XNUM", P.E.e_phnum = PN_XNUM);
  BAD(BadHeaderSize, "of 0x20 bytes each, 0x38", P.E.e_phentsize = 32);
  BAD(TruncatedHeaders,
      "truncated: program headers end at 0x120, the file at 0x11f",
      P.Size = 0x11f);
  BAD(TruncatedHeaders, "end at 0xffffffffffffffff", P.E.e_phoff = -8);
  BAD(TruncatedHeaders, "end at 0x30e0", P.E.e_phoff = 0x3000);
  BAD(SecondInterp, "program header 5 is a second PT_INTERP",
      P.P.insert(P.P.end(), 2, {PT_INTERP, PF_R, 4, 0x400004, 0, 4, 4, 1}));
  BAD(TruncatedInterp, "program header 4, ends at 0x3001, the file at 0x3000",
      P.P.push_back({PT_INTERP, PF_R, 0x2ff1, 0, 0, 16, 16, 1}));
  BAD(TruncatedInterp, "ends at 0xffffffffffffffff",
      P.P.push_back({PT_INTERP, PF_R, -8ul, 0, 0, 16, 16, 1}));
  BAD(InterpSize, "a path of 0x1 bytes",
      P.P.push_back({PT_INTERP, PF_R, 0, 0, 0, 1, 1, 1}));
  BAD(InterpSize, "a path of 0x1001 bytes, 0x2 to 0x1000",
      P.P.push_back({PT_INTERP, PF_R, 0, 0, 0, 0x1001, 0x1001, 1}));
  BAD(InterpUnterminated, "the 0x4 bytes at 0x0 are not a string",
      P.P.push_back({PT_INTERP, PF_R, 0, 0, 0, 4, 4, 1})); // "\x7fELF"
  BAD(InterpUnterminated, "the 0x4 bytes at 0x2000",       // nothing but NULs
      P.P.push_back({PT_INTERP, PF_R, 0x2000, 0, 0, 4, 4, 1}));
  BAD(NoSegments, "no PT_LOAD segment",
      P.P.erase(P.P.begin(), P.P.begin() + 2));
  BAD(TooManySegments, "more than 32 PT_LOAD",
      for (unsigned I = 0; I != 32; ++I)
          P.P.push_back({PT_LOAD, PF_R, 0, 0x500000 + I * 0x1000, 0, 0, 1, 0}));
  BAD(TruncatedSegment, "segment 1 ends at 0x2800, the file at 0x27ff",
      P.Size = 0x27ff);
  BAD(TruncatedSegment, "segment 0 ends at 0xffffffffffffffff",
      P.P[0].p_offset = -0x1000);
  BAD(FileLargerThanMemory,
      "segment 1: p_filesz 0x1000 is larger than p_memsz 0xfff",
      P.P[1].p_memsz = 0xfff);
  BAD(BadAlignment, "segment 0: p_align 0x1800", P.P[0].p_align = 0x1800);
  BAD(NotCongruent, "segment 1: p_vaddr 0x402800 and p_offset 0x1801",
      P.P[1].p_offset = 0x1801);
  BAD(NotCongruent, "segment 1:", P.P[1].p_align = 0x4000);
  BAD(SegmentWraps, "segment 1: p_vaddr 0x402800 + p_memsz 0xfffffffffffff000",
      P.P[1].p_memsz = -0x1000);
  BAD(SegmentWraps, "segment 1:", P.P[1].p_vaddr = -0x4800);
  BAD(KernelHalf, "segment 1: [0xffffffff80000800, 0xffffffff80005800)",
      P.P[1].p_vaddr = 0xffffffff80000800);
  BAD(NotCanonical, "segment 1: [0x800000000800,",
      P.P[1].p_vaddr = 0x800000000800);
  BAD(NotCanonical, "segment 1: [0x7fffffffe800, 0x800000003800)",
      P.P[1].p_vaddr = 0x7fffffffe800);
  BAD(NotCanonical, "segment 1:", P.P[1].p_memsz = 1ull << 60);
  BAD(OutsideRange, "addresses [0x0,", P.P[0].p_vaddr = 0; P.E.e_entry = 0x800);
  BAD(OutsideRange, "addresses [0x7fffffff8000, 0x800000000000)",
      P = Program(ET_EXEC, 0x7fffffff8000));
  BAD(TooLarge, "too large: the segments span", P.P[1].p_memsz = 1ull << 40);
  BAD(NotAscending, "segment 1 at 0x300800 comes after one at 0x400000",
      P.P[1].p_vaddr = 0x300800);
  BAD(Overlap,
      "overlapping segments: segment 1 starts at 0x400800, the one before it "
      "ends at 0x401800",
      P.P[1].p_vaddr = 0x400800);
  BAD(Overlap, "overlapping", P.P[1].p_vaddr = P.P[0].p_vaddr;
      P.P[1].p_offset = 0);
  BAD(SecondTls, "program header 3 is a second PT_TLS", P.P[3].p_type = PT_TLS);
  BAD(TlsFileLargerThanMemory, "p_filesz 0x40 is larger than p_memsz 0x3f",
      P.P[2].p_memsz = 0x3f);
  BAD(TlsBadAlignment, "p_align 0x30", P.P[2].p_align = 48);
  BAD(TruncatedTls, "ends at 0x3001, the file at 0x3000",
      P.P[2].p_offset = 0x2fc1);
  BAD(TruncatedTls, "ends at 0xffffffffffffffff", P.P[2].p_offset = -0x20);
  BAD(TlsTooLarge, "size or alignment 0x8000000000000000",
      P.P[2].p_memsz = 1ull << 63);
  BAD(TlsTooLarge, "size or alignment 0x8000000000000000",
      P.P[2].p_align = 1ull << 63);
  BAD(TlsNotLoaded, "image [0x4037c1, 0x403801)", P.P[2].p_vaddr = 0x4037c1);
  BAD(TlsNotLoaded, "image [0xffffffffffffffe0,", P.P[2].p_vaddr = -0x20);
  BAD(EntryOutside, "entry point 0x0", P.E.e_entry = 0);
  BAD(EntryOutside, "entry point 0x401800",
      P.E.e_entry = 0x401800); // just past the text
  BAD(EntryOutside, "entry point 0x402900",
      P.E.e_entry = 0x402900); // not executable
}

void testMessages() {
  for (int I = 0; I <= int(Code::ReadFailed); ++I) {
    std::string T = text({Code(I), 1, 2, 3});
    CHECK(T != "unknown error" && T.find('$') == std::string::npos &&
          T.find('\n') == std::string::npos);
  }
  char Small[8];
  CHECK(std::string(elf::describe({Code::BadMagic}, Small, sizeof(Small))) ==
        "not an ");
  CHECK(std::string(elf::describe({Code::BadMagic}, Small, 1)).empty());
}

// What elf.h promises of an accepted file.
bool holds(const elf::Plan &P, size_t FileSize) {
  bool EntryLoaded = false, TlsLoaded = P.Tls.FileSize == 0;
  uint64_t Last = 0;
  for (unsigned I = 0; I != P.NumSegments; ++I) {
    const elf::Segment &S = P.Segments[I];
    uint64_t End = S.VAddr + S.MemSize;
    if (S.Offset > FileSize || S.FileSize > FileSize - S.Offset ||
        S.FileSize > S.MemSize)
      return false;
    if (S.VAddr < Last || End < S.VAddr || S.VAddr < P.Low || End > P.High)
      return false;
    Last = End;
    EntryLoaded |= (S.Flags & elf::Exec) && P.Entry >= S.VAddr && P.Entry < End;
    TlsLoaded |= P.Tls.VAddr >= S.VAddr && P.Tls.FileSize <= S.FileSize &&
                 P.Tls.VAddr - S.VAddr <= S.FileSize - P.Tls.FileSize;
  }
  if (!P.Pie && (P.Low < Range.Low || P.High > Range.High))
    return false;
  return P.NumSegments && P.High - P.Low <= Range.MaxSize && EntryLoaded &&
         TlsLoaded && P.Tls.FileSize <= P.Tls.MemSize && P.Tls.Align &&
         !(P.Tls.Align & (P.Tls.Align - 1));
}

// Every byte of the headers set to some values, and every field of 8 bytes set
// to hostile ones: refused, or the promise holds.
void testMutations() {
  unsigned Accepted = 0, Refused = 0;
  for (Elf64_Half Type : {ET_EXEC, ET_DYN}) {
    const std::string Good =
        Program(Type, Type == ET_EXEC ? 0x400000 : 0).bytes();
    size_t Headers = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr);
    auto Try = [&](const std::string &Bytes) {
      elf::Plan P;
      elf::Error E = plan(Bytes, P);
      CHECK(E || holds(P, Bytes.size()));
      ++(E ? Refused : Accepted);
    };
    for (size_t I = 0; I != Headers; ++I)
      for (int C : {0, 1, 2, 4, 7, 0x10, 0x40, 0x7f, 0x80, 0xff}) {
        std::string Bytes = Good;
        Bytes[I] = C;
        Try(Bytes);
      }
    const uint64_t Hostile[] = {
        0,          1,          0xfff,         0x1000,     0x2fff,
        0x3000,     0x3001,     1ull << 32,    1ull << 46, (1ull << 47) - 1,
        1ull << 47, 1ull << 63, -(1ull << 47), -0x1000ull, -1ull};
    for (size_t I = 24; I + 8 <= Headers; I += 8)
      for (uint64_t A : Hostile) {
        std::string Bytes = Good;
        std::memcpy(&Bytes[I], &A, 8);
        Try(Bytes);
        for (size_t J = I + 8; J + 8 <= Headers; J += 8)
          for (uint64_t B : Hostile) {
            std::string Two = Bytes;
            std::memcpy(&Two[J], &B, 8);
            Try(Two);
          }
      }
    for (size_t Size = 0; Size <= Good.size(); Size += 1 + Size / 64)
      Try(Good.substr(0, Size));
  }
  CHECK(Accepted > 100 && Refused > 1000); // both sides were met
}

} // namespace

int main() {
  testExec();
  testPie();
  testVariants();
  testStack();
  testInterp();
  testReadFailures();
  testBadFiles();
  testMessages();
  testMutations();
  std::printf(Failures ? "elf: %d failed\n" : "elf: all passed\n", Failures);
  return Failures != 0;
}
