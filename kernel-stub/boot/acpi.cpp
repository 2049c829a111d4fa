// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "boot/acpi.h"
#include "device/log.h"
#include "lib/string.h"
#include "memory/memory.h"

namespace acpi {
namespace {

struct [[gnu::packed]] RootPointer {
  char Signature[8];
  uint8_t Checksum;
  char Oem[6];
  uint8_t Revision;
  uint32_t Rsdt;
  // From revision 2 on.
  uint32_t Length;
  uint64_t Xsdt;
  uint8_t ExtendedChecksum;
  uint8_t Reserved[3];
};
static_assert(sizeof(RootPointer) == 36);
constexpr uint64_t OldRootPointerSize = 20;

struct [[gnu::packed]] Header {
  char Signature[4];
  uint32_t Length;
  uint8_t Revision, Checksum;
  char Oem[6], OemTable[8];
  uint32_t OemRevision, Creator, CreatorRevision;
};
static_assert(sizeof(Header) == 36);

struct [[gnu::packed]] Madt {
  Header H;
  uint32_t LapicAddress, Flags;
};

struct [[gnu::packed]] MadtEntry {
  uint8_t Type, Length;
};
struct [[gnu::packed]] LapicEntry {
  MadtEntry E;
  uint8_t Processor, ApicId;
  uint32_t Flags;
};
struct [[gnu::packed]] X2apicEntry {
  MadtEntry E;
  uint16_t Reserved;
  uint32_t ApicId, Flags, Processor;
};
enum : uint8_t { LapicType = 0, X2apicType = 9 };
enum : uint32_t { Enabled = 1 };

constexpr uint64_t BiosStart = 0xe0000, BiosEnd = 0x100000;

const char *at(uint64_t Physical) {
  return static_cast<const char *>(memory::direct(Physical));
}

bool isReachable(uint64_t Start, uint64_t Size) {
  return Start && Start < DIRECT_MAP_SIZE && Size <= DIRECT_MAP_SIZE - Start;
}

// All bytes of a table add up to 0.
bool addsUp(uint64_t Start, uint64_t Size) {
  uint8_t Sum = 0;
  for (uint64_t I = 0; I != Size; ++I)
    Sum += at(Start)[I];
  return !Sum;
}

bool isRootPointer(uint64_t Address) {
  return isReachable(Address, sizeof(RootPointer)) &&
         !memcmp(at(Address), "RSD PTR ", 8) &&
         addsUp(Address, OldRootPointerSize);
}

const Header *table(uint64_t Address) {
  if (!isReachable(Address, sizeof(Header)))
    return nullptr;
  auto *H = reinterpret_cast<const Header *>(at(Address));
  return H->Length >= sizeof(Header) && isReachable(Address, H->Length) &&
                 addsUp(Address, H->Length)
             ? H
             : nullptr;
}

// The table of this name among those that the root table names.
const Header *find(const RootPointer &Root, const char *Name) {
  bool IsXsdt = Root.Revision >= 2 && Root.Xsdt;
  const Header *List = table(IsXsdt ? Root.Xsdt : Root.Rsdt);
  if (!List)
    return nullptr;
  uint64_t Size = IsXsdt ? 8 : 4;
  auto *Entries = reinterpret_cast<const char *>(List + 1);
  for (uint64_t I = 0; I != (List->Length - sizeof(Header)) / Size; ++I) {
    uint64_t Address = 0;
    memcpy(&Address, Entries + I * Size, Size);
    const Header *H = table(Address);
    if (H && !memcmp(H->Signature, Name, 4))
      return H;
  }
  return nullptr;
}

} // namespace

unsigned findProcessors(uint64_t Rsdp, uint32_t *ApicIds, unsigned Max) {
  if (!Rsdp)
    for (uint64_t A = BiosStart; A != BiosEnd && !Rsdp; A += 16)
      Rsdp = isRootPointer(A) ? A : 0;
  if (!isRootPointer(Rsdp)) {
    log("acpi: no root pointer (RSDP) at 0x%lx", Rsdp);
    return 0;
  }
  auto *Root = reinterpret_cast<const RootPointer *>(at(Rsdp));
  const Header *H = find(*Root, "APIC");
  if (!H || H->Length < sizeof(Madt)) {
    log("acpi: no table of processors (MADT), or a damaged one");
    return 0;
  }

  unsigned N = 0;
  auto *Start = reinterpret_cast<const char *>(H), *End = Start + H->Length;
  for (const char *P = Start + sizeof(Madt);
       End - P >= static_cast<int64_t>(sizeof(MadtEntry));) {
    MadtEntry E;
    memcpy(&E, P, sizeof(E));
    if (E.Length < sizeof(E) || E.Length > End - P) {
      log("acpi: damaged MADT: entry of %u bytes at offset 0x%lx", E.Length,
          P - Start);
      return N;
    }
    uint32_t Id = 0, Flags = 0;
    if (E.Type == LapicType && E.Length >= sizeof(LapicEntry)) {
      auto *L = reinterpret_cast<const LapicEntry *>(P);
      Id = L->ApicId;
      Flags = L->Flags;
    } else if (E.Type == X2apicType && E.Length >= sizeof(X2apicEntry)) {
      auto *L = reinterpret_cast<const X2apicEntry *>(P);
      Id = L->ApicId;
      Flags = L->Flags;
    }
    if (Flags & Enabled && N++ < Max)
      ApicIds[N - 1] = Id;
    P += E.Length;
  }
  return N;
}

} // namespace acpi
