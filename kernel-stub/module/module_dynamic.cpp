// The dynamic section, and symbols by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/string.h"
#include "module/module_object.h"

namespace module {
namespace {

enum : int64_t { // d_tag
  Null = 0,
  Needed = 1,
  PltRelSize = 2,
  StrTab = 5,
  SymTab = 6,
  Rela = 7,
  RelaSize = 8,
  RelaEntry = 9,
  StrSize = 10,
  SymEntry = 11,
  Init = 12,
  Fini = 13,
  Rel = 17,
  PltRel = 20,
  TextRel = 22,
  JmpRel = 23,
  InitArray = 25,
  FiniArray = 26,
  InitArraySize = 27,
  FiniArraySize = 28,
  Flags = 30,
  RelrSize = 35,
  Relr = 36,
  RelrEntry = 37,
  GnuHash = 0x6ffffef5,
  VerSym = 0x6ffffff0,
};
enum : uint64_t { FlagTextRel = 4, FlagStaticTls = 0x10 };

bool check(const Module &M, Table T, size_t Unit, const char *What, Error &E) {
  if (!T.Size)
    return true;
  if (T.Size % Unit)
    return refuse(E, "%s: %lu bytes, not a multiple of %lu", What, T.Size,
                  static_cast<uint64_t>(Unit));
  if (!M.at(T.Address, T.Size))
    return refuse(E, "%s: 0x%lx, %lu bytes, is not within one segment", What,
                  T.Address, T.Size);
  return true;
}

// In the order of ELF's "GNU hash": start values of chains, a Bloom filter of
// 64-bit words, buckets, hash values.
struct GnuHashHeader {
  uint32_t NumBuckets, FirstSymbol, FilterWords, FilterShift;
};

uint32_t gnuHash(const char *Name) {
  uint32_t H = 5381;
  for (; *Name; ++Name)
    H = H * 33 + static_cast<uint8_t>(*Name);
  return H;
}

} // namespace

char *Module::at(uint64_t Address, uint64_t Size, uint32_t Flags) const {
  for (unsigned I = 0; I != NumSegments; ++I) {
    const elf::Segment &S = Segments[I];
    if (Address >= S.VAddr && Address - S.VAddr <= S.MemSize &&
        Size <= S.MemSize - (Address - S.VAddr))
      return (S.Flags & Flags) == Flags
                 ? reinterpret_cast<char *>(Base + Address)
                 : nullptr;
  }
  return nullptr;
}

bool Module::isCode(uint64_t Absolute) const {
  return at(Absolute - Bias, 1, elf::Exec);
}

const char *Module::string(uint64_t Offset) const {
  const Table &S = Dynamic.Strings;
  if (Offset >= S.Size)
    return nullptr;
  const char *Start = at(S.Address + Offset, S.Size - Offset);
  for (uint64_t I = 0; Start && I != S.Size - Offset; ++I)
    if (!Start[I])
      return Start;
  return nullptr;
}

const Symbol *Module::symbol(uint64_t Index) const {
  return reinterpret_cast<const Symbol *>(
      at(Dynamic.SymbolTable + Index * sizeof(Symbol), sizeof(Symbol)));
}

const Symbol *Module::find(const char *Name) const {
  uint64_t Address = Dynamic.GnuHash;
  auto *H = reinterpret_cast<const GnuHashHeader *>(
      at(Address, sizeof(GnuHashHeader)));
  if (!H || !H->NumBuckets || !H->FilterWords)
    return nullptr;
  uint32_t Hash = gnuHash(Name);
  uint64_t Filter = Address + sizeof(*H);
  uint64_t Buckets = Filter + uint64_t(H->FilterWords) * 8;
  uint64_t Values = Buckets + uint64_t(H->NumBuckets) * 4;

  auto *Word = reinterpret_cast<const uint64_t *>(
      at(Filter + Hash / 64 % H->FilterWords * 8, 8));
  uint64_t Bits =
      1ull << Hash % 64 | 1ull << (Hash >> (H->FilterShift & 31)) % 64;
  if (!Word || (*Word & Bits) != Bits)
    return nullptr;
  auto *Bucket = reinterpret_cast<const uint32_t *>(
      at(Buckets + uint64_t(Hash % H->NumBuckets) * 4, 4));
  if (!Bucket || *Bucket < H->FirstSymbol)
    return nullptr;
  for (uint64_t I = *Bucket;; ++I) {
    auto *Value = reinterpret_cast<const uint32_t *>(
        at(Values + (I - H->FirstSymbol) * 4, 4));
    const Symbol *S = symbol(I);
    if (!Value || !S)
      return nullptr;
    // An old version of a symbol is only for those linked against it.
    auto *Version = reinterpret_cast<const uint16_t *>(
        Dynamic.Versions ? at(Dynamic.Versions + I * 2, 2) : nullptr);
    const char *Its = string(S->Name);
    if ((*Value | 1) == (Hash | 1) && Its && !strcmp(Its, Name) &&
        S->Section != Undefined && S->binding() != BindingLocal &&
        !(Version && *Version & 0x8000))
      return S;
    if (*Value & 1)
      return nullptr;
  }
}

bool readDynamic(Module &M, Table Section, Error &E) {
  struct Entry {
    int64_t Tag;
    uint64_t Value;
  };
  if (!Section.Size)
    return refuse(E, "has no dynamic section: not a shared object");
  if (!check(M, Section, sizeof(Entry), "dynamic section", E))
    return false;

  Dynamic &D = M.Dynamic;
  uint64_t NeededName = ~0ull, RelaUnit = sizeof(Relocation);
  uint64_t SymbolUnit = sizeof(Symbol), RelrUnit = 8, PltType = Rela;
  bool IsRel = false, IsTextRel = false, IsNeeded = false;
  auto *Entries =
      reinterpret_cast<const Entry *>(M.at(Section.Address, Section.Size));
  for (uint64_t I = 0; I != Section.Size / sizeof(Entry); ++I) {
    uint64_t V = Entries[I].Value;
    int64_t Tag = Entries[I].Tag;
    if (Tag == Null)
      break;
    switch (Tag) {
    case Needed:
      NeededName = V;
      IsNeeded = true;
      break;
    case PltRelSize:
      D.PltRela.Size = V;
      break;
    case StrTab:
      D.Strings.Address = V;
      break;
    case SymTab:
      D.SymbolTable = V;
      break;
    case Rela:
      D.Rela.Address = V;
      break;
    case RelaSize:
      D.Rela.Size = V;
      break;
    case RelaEntry:
      RelaUnit = V;
      break;
    case StrSize:
      D.Strings.Size = V;
      break;
    case SymEntry:
      SymbolUnit = V;
      break;
    case Init:
      D.Init = V;
      break;
    case Fini:
      D.Fini = V;
      break;
    case Rel:
      IsRel = true;
      break;
    case PltRel:
      PltType = V;
      break;
    case TextRel:
      IsTextRel = true;
      break;
    case JmpRel:
      D.PltRela.Address = V;
      break;
    case InitArray:
      D.InitArray.Address = V;
      break;
    case FiniArray:
      D.FiniArray.Address = V;
      break;
    case InitArraySize:
      D.InitArray.Size = V;
      break;
    case FiniArraySize:
      D.FiniArray.Size = V;
      break;
    case Flags:
      IsTextRel |= V & FlagTextRel;
      D.StaticTls = V & FlagStaticTls;
      break;
    case RelrSize:
      D.Relr.Size = V;
      break;
    case Relr:
      D.Relr.Address = V;
      break;
    case RelrEntry:
      RelrUnit = V;
      break;
    case GnuHash:
      D.GnuHash = V;
      break;
    case VerSym:
      D.Versions = V;
      break;
    }
  }
  if (!check(M, D.Strings, 1, "string table", E) ||
      !check(M, D.Rela, sizeof(Relocation), "relocations", E) ||
      !check(M, D.PltRela, sizeof(Relocation), "PLT relocations", E) ||
      !check(M, D.Relr, 8, "relative relocations", E) ||
      !check(M, D.InitArray, 8, "constructors", E) ||
      !check(M, D.FiniArray, 8, "destructors", E))
    return false;
  if (IsNeeded) {
    const char *Library = M.string(NeededName);
    return refuse(
        E,
        "needs library %s: there is what the kernel exports, and nothing else",
        Library ? Library : "(no name)");
  }
  if (IsRel || PltType != Rela || RelaUnit != sizeof(Relocation) ||
      SymbolUnit != sizeof(Symbol) || RelrUnit != 8)
    return refuse(E, "relocations or symbols in another form than x86-64's");
  if (IsTextRel)
    return refuse(E, "relocations in code (DT_TEXTREL): compile with -fPIC");
  if (!D.SymbolTable || !M.symbol(0) || !D.GnuHash ||
      !M.at(D.GnuHash, sizeof(GnuHashHeader)))
    return refuse(E, "no symbol table, or no GNU hash table "
                     "(ld: --hash-style=gnu)");
  return true;
}

} // namespace module
