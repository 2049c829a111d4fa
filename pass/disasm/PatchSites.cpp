//===- PatchSites.cpp - labels that tables lead to -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "PatchSites.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace llvm;

namespace segshift {

/// The code that a relocation of data leads to, or no region (-1).
static std::pair<int, uint64_t> target(const ElfObject &Obj,
                                       const ELFT::Rela &R) {
  switch (R.getType(false)) {
  case ELF::R_X86_64_64:
  case ELF::R_X86_64_32:
  case ELF::R_X86_64_32S:
  case ELF::R_X86_64_PC32:
  case ELF::R_X86_64_PC64:
    break;
  default:
    return {-1, 0};
  }
  const ELFT::Sym *Sym = Obj.symbol(R.getSymbol(false));
  uint32_t Section = Obj.symbolSection(R.getSymbol(false));
  if (!Sym || !Section)
    return {-1, 0};
  uint64_t Address = Sym->st_value + R.r_addend;
  for (const auto &[Index, Reg] : enumerate(Obj.regions()))
    if (Reg.Section == Section && Reg.contains(Address))
      return {int(Index), Address};
  return {-1, 0};
}

std::vector<PatchSite> readPatchSites(const ElfObject &Obj) {
  std::vector<PatchSite> Result;
  Expected<ELFT::ShdrRange> SectionsOrErr = Obj.file().sections();
  if (!Obj.isRelocatable() || !SectionsOrErr)
    return consumeError(SectionsOrErr.takeError()), Result;
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    if (S.sh_type != ELF::SHT_RELA || S.sh_info >= SectionsOrErr->size())
      continue;
    const ELFT::Shdr &Data = (*SectionsOrErr)[S.sh_info];
    if (!(Data.sh_flags & ELF::SHF_ALLOC) ||
        (Data.sh_flags & ELF::SHF_EXECINSTR))
      continue;
    Expected<StringRef> NameOrErr = Obj.file().getSectionName(Data);
    Expected<ELFT::RelaRange> RelasOrErr = Obj.file().relas(S);
    if (!NameOrErr || !RelasOrErr) {
      consumeError(NameOrErr.takeError());
      consumeError(RelasOrErr.takeError());
      continue;
    }
    if (*NameOrErr == ".eh_frame")
      continue;
    constexpr uint64_t MaxDistance = 8;
    for (size_t Index = 1; Index < RelasOrErr->size(); ++Index) {
      const ELFT::Rela &A = (*RelasOrErr)[Index - 1], &B = (*RelasOrErr)[Index];
      if (B.r_offset - A.r_offset > MaxDistance)
        continue;
      auto [Region, Site] = target(Obj, A);
      auto [TargetRegion, Target] = target(Obj, B);
      if (Region >= 0 && Region == TargetRegion)
        Result.push_back({unsigned(Region), Site, Target});
    }
  }
  llvm::sort(Result, [](const PatchSite &A, const PatchSite &B) {
    return std::tie(A.Region, A.Target, A.Site) <
           std::tie(B.Region, B.Target, B.Site);
  });
  return Result;
}

} // namespace segshift
