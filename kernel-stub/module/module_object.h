// A module as the loader has it: its memory, and what its dynamic section says.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_MODULE_OBJECT_H
#define STUB_MODULE_OBJECT_H

#include "lib/elf.h"
#include "module/module.h"
#include "segshift/dtv.h"

namespace module {

struct Symbol { // Elf64_Sym
  uint32_t Name;
  uint8_t Info, Other;
  uint16_t Section;
  uint64_t Value, Size;

  unsigned type() const { return Info & 15; }
  unsigned binding() const { return Info >> 4; }
};
enum : unsigned {
  TypeTls = 6,
  TypeIfunc = 10,
  BindingLocal = 0,
  BindingWeak = 2
};
enum : uint16_t { Undefined = 0, Absolute = 0xfff1 };

struct Relocation { // Elf64_Rela
  uint64_t Offset, Info;
  int64_t Addend;

  uint32_t type() const { return Info; }
  uint32_t symbol() const { return Info >> 32; }
};

// A table in the module: its address there, and its size in bytes.
struct Table {
  uint64_t Address, Size;
};

struct Dynamic {
  uint64_t SymbolTable, GnuHash, Versions; // 0: there is none
  Table Strings, Rela, PltRela, Relr, InitArray, FiniArray;
  uint64_t Init, Fini; // 0: there is none
  bool StaticTls;      // DF_STATIC_TLS
};

struct Module {
  static constexpr unsigned MaxSegments = 8;

  char Name[64];
  Module *Next; // older
  unsigned NumUses;
  bool IsEnding;

  // A program of the application's side, which will be copied to addresses of
  // its own; null: a module of the kernel.
  Program *App;

  // Addresses in the file are relative: its memory is at Base, and code finds
  // it at Bias, which is the same for modules.
  int Slot = -1; // of the area for modules; -1: none
  uint64_t Base, Bias;
  elf::Segment Segments[MaxSegments];
  unsigned NumSegments;
  uint64_t RelroStart, RelroEnd; // whole pages; empty: none

  module::Dynamic Dynamic;
  elf::Tls Tls;
  uint64_t TlsNumber;             // 0: it has no TLS, or not yet
  segshift_tls_index *TlsIndexes; // of its TLS descriptors

  // The memory at an address of the file; null if it is not all in one segment
  // with these flags.
  char *at(uint64_t Address, uint64_t Size, uint32_t Flags = 0) const;
  // Whether an absolute address, as its code sees it, is in its code.
  bool isCode(uint64_t Absolute) const;
  // The name at an offset of the string table; null: not within it.
  const char *string(uint64_t Offset) const;
  // Null: there is none.
  const Symbol *symbol(uint64_t Index) const;
  // The defined global symbol of this name, by the GNU hash table, or null.
  const Symbol *find(const char *Name) const;
};

// False, always: for "return refuse(...)".
bool refuse(Error &E, const char *Format, ...)
    __attribute__((format(printf, 2, 3)));

// The module's memory: pages with the permissions of the segments, filled from
// the file. module_memory.cpp
bool map(Module &M, const elf::Plan &P, Bytes File, Error &E);
void unmap(Module &M);
void makeReadOnly(uint64_t Start, uint64_t End);
// Of the kernel heap.
void *allocate(size_t Size);

// Fills M.Dynamic from the dynamic section. module_dynamic.cpp
bool readDynamic(Module &M, Table Section, Error &E);

// Whether the functions of a table and one more are all in its code.
bool checkFunctions(const Module &M, const Table &T, uint64_t Single,
                    const char *What, Error &E);

// module_relocate.cpp
bool relocate(Module &M, Error &E);
bool needsStaticTls(const Module &M);

// --- What the kernel exports ------------------------------------------------

struct Export {
  const char *Name;
  const void *Address;   // null: a thread-local variable
  int64_t (*TpOffset)(); // its x@tpoff
};
// Null: the kernel does not export it to this side.
const Export *findExport(const Module &M, const char *Name);

// In a file of the kernel, once for each name that modules may use.
#define EXPORT_SYMBOL(Symbol)                                                  \
  [[gnu::section(".exports"),                                                  \
    gnu::used]] static const module::Export Export_##Symbol = {                \
      #Symbol, (const void *)&Symbol, nullptr}
#define EXPORT_THREAD_LOCAL(Variable)                                          \
  [[gnu::section(".exports.tls"),                                              \
    gnu::used]] static const module::Export Export_##Variable = {              \
      #Variable, nullptr, [] {                                                 \
        return reinterpret_cast<int64_t>(&Variable) -                          \
               reinterpret_cast<int64_t>(segshift_tp());                       \
      }}

} // namespace module

#endif
