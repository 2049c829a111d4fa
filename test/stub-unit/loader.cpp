// What kernel modules and programs that the kernel links itself share: the
// dynamic section, symbols by hash and relocations, on a shared object that gcc
// made, which lies at one address and will run at another; and on mutations of
// it. Catches: a value for the wrong one of both addresses, a TLS relocation of
// the one side that is made as the other's, and accesses out of the object
// (ASan).
//
// REQUIRES: gcc
// DEFINE: %{object} = gcc -O1 -fPIC -shared -nostdlib -Wl,--hash-style=gnu
// RUN: %{object} -x c %S/Inputs/loader.c -o %t.gd.so
// RUN: %{object} -mtls-dialect=gnu2 -x c %S/Inputs/loader.c -o %t.desc.so
// RUN: %{object} -ftls-model=initial-exec -x c %S/Inputs/loader.c -o %t.ie.so
// RUN: %clangxx -std=c++20 -g -O1 -Wall -Werror -DMODE_HAS_MODULES \
// RUN:   -I %src/runtime/include -iquote %src/kernel-stub -fsanitize=address -fno-sanitize-recover=all \
// RUN:   %src/kernel-stub/lib/elf.cpp %src/kernel-stub/module/module_dynamic.cpp \
// RUN:   %src/kernel-stub/module/module_relocate.cpp %s -o %t
// RUN: %t %t.gd.so %t.desc.so %t.ie.so | FileCheck %s
// CHECK: loader: all passed
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/module/module_object.h"
#include "../../kernel-stub/module/module_tls.h"
#include "check.h"

#include <cstdarg>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include </usr/include/elf.h>

using module::Error;
using module::Module;

// --- The rest of the kernel -------------------------------------------------

namespace {

constexpr uint64_t Bias = 0x555555554000;
constexpr uint64_t OwnPlace = -0x80, KernelPlace = -0x1000;
constexpr int64_t ErrnoOffset = -0x28;
constexpr uint64_t OwnNumber = 0x10002, KernelNumber = 0x10001;
constexpr uint64_t StaticBase = 0x200;
const char Imported[16] = "";

const module::Export Exports[] = {
    {"imported", Imported, nullptr},
    {"errno", nullptr, [] { return ErrnoOffset; }},
    {"__tls_get_addr", Imported + 8, nullptr},
};

} // namespace

namespace {
struct TestProgram final : module::Program {
  bool checkSide(bool, module::Error &) override { return true; }
  uint64_t choosePlace(const elf::Plan &) override { return 0; }
  bool chooseTls(const elf::Tls &, module::Error &) override { return true; }
  uint64_t ownPlace() const override { return OwnPlace; }
  uint64_t kernelPlace() const override { return KernelPlace; }
  const module::Export *find(const char *) const override { return nullptr; }
  bool takeOver(const module::Module &, module::Error &) override {
    return true;
  }
};
} // namespace
uint64_t module_tls::kernelNumber() { return KernelNumber; }
uint64_t module_tls::kernelOffset(int64_t TpOffset) {
  return TpOffset + StaticBase;
}
segshift_tls_modules &module_tls::registry() {
  static segshift_tls_modules Modules;
  return Modules;
}
int segshift_tls_module_tpoff(segshift_tls_modules *, uint64_t Number,
                              uint64_t Offset, int64_t *TpOffset) {
  *TpOffset = Number * 1000 + Offset;
  return 0;
}
int segshift_tlsdesc_set(segshift_tls_modules *, segshift_tlsdesc *D,
                         segshift_tls_index *Index, uint64_t Number,
                         uint64_t Offset, void (*Entry)(void)) {
  *Index = {Number, Offset};
  *D = {Entry, reinterpret_cast<uint64_t>(Index)};
  return 0;
}
extern "C" {
void __segshift_tlsdesc_static(void) {}
void __segshift_tlsdesc_dynamic(void) {}
void __segshift_tlsdesc_undefined(void) {}
}

namespace module {
bool refuse(Error &E, const char *Format, ...) {
  va_list Values;
  va_start(Values, Format);
  vsnprintf(E.Text, sizeof(E.Text), Format, Values);
  va_end(Values);
  return false;
}
void *allocate(size_t Size) { return calloc(Size, 1); }
const Export *findExport(const Module &, const char *Name) {
  for (const Export &X : Exports)
    if (!strcmp(X.Name, Name))
      return &X;
  return nullptr;
}
} // namespace module

// --- An object in memory ----------------------------------------------------

namespace {

class Bytes final : public elf::Source {
public:
  explicit Bytes(const std::string &B) : Source(B.size()), B(B) {}
  bool read(uint64_t Offset, void *To, size_t Size) override {
    memcpy(To, B.data() + Offset, Size);
    return true;
  }

private:
  const std::string &B;
};

struct Object {
  std::vector<char> Memory;
  Module M = {};
  module::Table Section = {};

  Object(const std::string &File, module::Program *App) {
    static elf::Plan P;
    Bytes Source(File);
    CHECK(!elf::plan(Source, {0, 1 << 22, 1 << 21, true}, P));
    Memory.resize(P.High - P.Low);
    M.App = App;
    M.Base = reinterpret_cast<uint64_t>(Memory.data()) - P.Low;
    M.Bias = App ? Bias : M.Base;
    M.Tls = P.Tls;
    M.TlsNumber = App ? 0 : OwnNumber;
    for (unsigned I = 0; I != P.NumSegments; ++I) {
      M.Segments[M.NumSegments++] = P.Segments[I];
      memcpy(reinterpret_cast<char *>(M.Base + P.Segments[I].VAddr),
             File.data() + P.Segments[I].Offset, P.Segments[I].FileSize);
    }
    auto *H = reinterpret_cast<const Elf64_Ehdr *>(File.data());
    auto *Ph = reinterpret_cast<const Elf64_Phdr *>(File.data() + H->e_phoff);
    for (unsigned I = 0; I != H->e_phnum; ++I)
      if (Ph[I].p_type == PT_DYNAMIC)
        Section = {Ph[I].p_vaddr, Ph[I].p_memsz};
  }
  ~Object() { free(M.TlsIndexes); }

  bool load(Error &E) {
    return module::readDynamic(M, Section, E) && module::relocate(M, E);
  }
  uint64_t word(uint64_t Address) const {
    uint64_t Value;
    memcpy(&Value, reinterpret_cast<const char *>(M.Base + Address), 8);
    return Value;
  }
};

// --- Each relocation, by the psABI -------------------------------------------

unsigned NumSeen[64];

void checkTls(const Object &O, const Elf64_Rela &R, bool IsOwn,
              uint64_t Value) {
  bool IsApp = O.M.App;
  uint64_t Offset = Value + R.r_addend;
  uint64_t InKernel = ErrnoOffset + R.r_addend;
  uint64_t Tp = IsOwn ? OwnPlace + Offset : KernelPlace + InKernel;
  uint64_t Number = IsOwn ? OwnNumber : KernelNumber;
  uint64_t InImage = IsOwn ? Offset : InKernel + StaticBase;
  uint64_t Word = O.word(R.r_offset);
  switch (ELF64_R_TYPE(R.r_info)) {
  case R_X86_64_TPOFF64:
    CHECK(Word == (IsApp ? Tp : Number * 1000 + InImage));
    break;
  case R_X86_64_DTPMOD64:
    CHECK(Word == (!IsApp ? Number : IsOwn ? OwnPlace : KernelPlace));
    break;
  case R_X86_64_DTPOFF64:
    CHECK(Word == (!IsApp ? InImage : IsOwn ? Offset : InKernel));
    break;
  case R_X86_64_TLSDESC:
    CHECK(Word == reinterpret_cast<uint64_t>(IsApp
                                                 ? __segshift_tlsdesc_static
                                                 : __segshift_tlsdesc_dynamic));
    if (IsApp) {
      CHECK(O.word(R.r_offset + 8) == Tp);
      break;
    }
    auto *Index =
        reinterpret_cast<segshift_tls_index *>(O.word(R.r_offset + 8));
    CHECK(Index->module == Number && Index->offset == InImage);
    break;
  }
}

void checkRelocation(const Object &O, const Elf64_Rela &R) {
  unsigned Type = ELF64_R_TYPE(R.r_info);
  ++NumSeen[Type];
  const module::Symbol *S = O.M.symbol(ELF64_R_SYM(R.r_info));
  bool IsOwn = !ELF64_R_SYM(R.r_info) || S->Section != SHN_UNDEF;
  std::string Name = O.M.string(S->Name);
  switch (Type) {
  case R_X86_64_RELATIVE:
    CHECK(O.word(R.r_offset) == O.M.Bias + R.r_addend);
    break;
  case R_X86_64_64:
  case R_X86_64_GLOB_DAT:
  case R_X86_64_JUMP_SLOT:
    CHECK(O.word(R.r_offset) ==
          (IsOwn                ? O.M.Bias + S->Value
           : Name == "imported" ? reinterpret_cast<uint64_t>(Imported)
                                : reinterpret_cast<uint64_t>(Imported + 8)) +
              (Type == R_X86_64_64 ? R.r_addend : 0));
    break;
  default:
    CHECK(IsOwn || Name == "errno");
    checkTls(O, R, IsOwn, IsOwn && ELF64_R_SYM(R.r_info) ? S->Value : 0);
  }
}

void checkObject(const std::string &File, module::Program *App) {
  Object O(File, App);
  Error E;
  CHECK(O.load(E));
  for (const module::Table &T : {O.M.Dynamic.Rela, O.M.Dynamic.PltRela})
    for (uint64_t I = 0; I != T.Size; I += sizeof(Elf64_Rela)) {
      Elf64_Rela R;
      memcpy(&R, reinterpret_cast<const char *>(O.M.Base + T.Address + I),
             sizeof(R));
      checkRelocation(O, R);
    }
  const module::Symbol *Main = O.M.find("main");
  CHECK(Main && O.M.isCode(O.M.Bias + Main->Value));
  CHECK(!App || !O.M.isCode(O.M.Base + Main->Value));
  CHECK(!O.M.find("imported") && !O.M.find("") && !O.M.find("mai"));
  O.M.Dynamic.Strings.Size = Main->Name + strlen("main");
  CHECK(!O.M.string(Main->Name)); // no NUL
  ++O.M.Dynamic.Strings.Size;
  CHECK(!strcmp(O.M.string(Main->Name), "main"));
}

// Whatever the tables say: an error, or values, and no access out of memory.
void mutate(const std::string &File, module::Program *App) {
  std::mt19937 Random(1);
  unsigned NumRefused = 0;
  for (int Turn = 0; Turn != 4000; ++Turn) {
    Object O(File, App);
    for (int I = Random() % 4; I >= 0; --I) {
      // The tables of names and relocations are in the first segment.
      bool InSection = Random() % 2;
      size_t Start = InSection ? O.Section.Address : O.M.Segments[0].VAddr;
      size_t Size = InSection ? O.Section.Size : O.M.Segments[0].MemSize;
      char *At = reinterpret_cast<char *>(O.M.Base + Start + Random() % Size);
      *At = Random() % 3 ? Random() : -1;
    }
    Error E;
    bool Ok = O.load(E);
    NumRefused += !Ok;
    CHECK(Ok || E.Text[0]);
    if (O.M.Dynamic.SymbolTable && O.M.Dynamic.GnuHash)
      for (const char *Name : {"main", "table", "nothing"})
        O.M.find(Name);
  }
  CHECK(NumRefused > 100);
}

} // namespace

int main(int NumFiles, char **Files) {
  static TestProgram App;
  for (int I = 1; I != NumFiles; ++I) {
    std::ifstream In(Files[I], std::ios::binary);
    std::string File{std::istreambuf_iterator<char>(In), {}};
    checkObject(File, &App);
    checkObject(File, nullptr);
    mutate(File, &App);
  }
  for (unsigned Type : {R_X86_64_RELATIVE, R_X86_64_64, R_X86_64_GLOB_DAT,
                        R_X86_64_JUMP_SLOT, R_X86_64_TPOFF64, R_X86_64_DTPMOD64,
                        R_X86_64_DTPOFF64, R_X86_64_TLSDESC})
    CHECK(NumSeen[Type] >= 2);
  std::printf("loader: %s\n", Failures ? "FAILED" : "all passed");
  return Failures != 0;
}
