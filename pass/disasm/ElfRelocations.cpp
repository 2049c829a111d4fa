//===- ElfRelocations.cpp - the relocations of a file's code --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Elf.h"
#include "ElfCheck.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace llvm;

namespace segshift {

/// Two relocations of the same bytes: the value is the last one's, or a mix.
static Error checkOverlaps(ArrayRef<Relocation> List, StringRef Section) {
  uint64_t End = 0;
  for (const Relocation &R : List) {
    uint64_t Size = relocationSize(R.Type).value_or(0);
    if (Size && R.Address < End)
      return createStringError("two relocations of section " + Section +
                               " overlap at offset 0x" +
                               utohexstr(R.Address, true));
    if (Size)
      End = R.Address + Size;
  }
  return Error::success();
}

Error ElfObject::readRelocations() {
  Relocations.resize(Regions.size());
  Expected<ELFT::ShdrRange> SectionsOrErr = File.sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  for (const ELFT::Shdr &S : *SectionsOrErr) {
    if (S.sh_type != ELF::SHT_RELA && S.sh_type != ELF::SHT_REL &&
        S.sh_type != ELF::SHT_CREL)
      continue;
    int RegionIndex = regionOfSection(S.sh_info);
    if (RegionIndex < 0)
      continue;
    const Region &R = Regions[RegionIndex];
    if (S.sh_type != ELF::SHT_RELA)
      return createStringError("the relocations of section " + R.Name +
                               " are of a kind that is not supported (REL or "
                               "CREL); assemble with RELA relocations");
    Expected<ELFT::RelaRange> RelasOrErr = File.relas(S);
    if (!RelasOrErr)
      return RelasOrErr.takeError();
    std::vector<Relocation> &List = Relocations[RegionIndex];
    for (const auto &[Index, Rela] : enumerate(*RelasOrErr)) {
      List.push_back({Rela.r_offset, Rela.getType(false), Rela.getSymbol(false),
                      Rela.r_addend, S.sh_offset + Index * sizeof(ELFT::Rela)});
    }
    llvm::sort(List, [](const Relocation &A, const Relocation &B) {
      return std::pair(A.Address, A.EntryOffset) <
             std::pair(B.Address, B.EntryOffset);
    });
    if (Error E = checkOverlaps(List, R.Name))
      return E;
  }
  return Error::success();
}

Expected<ELFT::DynRange> ElfObject::dynamicEntries() const {
  Expected<ELFT::PhdrRange> PhdrsOrErr = File.program_headers();
  if (!PhdrsOrErr)
    return PhdrsOrErr.takeError();
  for (const ELFT::Phdr &P : *PhdrsOrErr)
    if (P.p_type == ELF::PT_DYNAMIC)
      if (auto BytesOrErr = File.getSegmentContents(P); !BytesOrErr)
        return BytesOrErr.takeError();
  return File.dynamicEntries();
}

Error ElfObject::readDynamicRelocations() {
  Relocations.resize(Regions.size());
  // Only thread-local ones: a large library has millions of relative ones.
  auto Add = [&](ArrayRef<ELFT::Rela> Relas) {
    for (const ELFT::Rela &R : Relas)
      switch (R.getType(false)) {
      case ELF::R_X86_64_TPOFF64:
      case ELF::R_X86_64_DTPMOD64:
      case ELF::R_X86_64_DTPOFF64:
      case ELF::R_X86_64_TLSDESC:
        DynamicRelocations[R.r_offset] = &R;
      }
  };
  Expected<ELFT::DynRange> DynOrErr = dynamicEntries();
  if (!DynOrErr) // An image without a dynamic table has no relocations.
    return consumeError(DynOrErr.takeError()), Error::success();
  uint64_t Rela = 0, RelaSize = 0, Plt = 0, PltSize = 0;
  for (const ELFT::Dyn &D : *DynOrErr)
    switch (D.d_tag) {
    case ELF::DT_RELA:
      Rela = D.d_un.d_ptr;
      break;
    case ELF::DT_RELASZ:
      RelaSize = D.d_un.d_val;
      break;
    case ELF::DT_JMPREL:
      Plt = D.d_un.d_ptr;
      break;
    case ELF::DT_PLTRELSZ:
      PltSize = D.d_un.d_val;
      break;
    }
  for (auto [Address, Size] : {std::pair(Rela, RelaSize), {Plt, PltSize}}) {
    if (!Address || !Size)
      continue;
    ArrayRef<uint8_t> Bytes = bytesAt(Address);
    if (Bytes.size() < Size)
      return createStringError("the dynamic relocations go past the end of the "
                               "file");
    Add(ArrayRef(reinterpret_cast<const ELFT::Rela *>(Bytes.data()),
                 Size / sizeof(ELFT::Rela)));
  }
  return Error::success();
}

} // namespace segshift
