//===- OnPurpose.cpp - marks of FS uses that are meant -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "OnPurpose.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <map>
#include <tuple>

using namespace llvm;

namespace segshift {

Expected<OnPurposeMarks> OnPurposeMarks::read(const ElfObject &Obj) {
  OnPurposeMarks Result;
  Expected<ELFT::ShdrRange> SectionsOrErr = Obj.file().sections();
  if (!SectionsOrErr)
    return SectionsOrErr.takeError();
  for (const auto &[Index, Shdr] : enumerate(*SectionsOrErr)) {
    Expected<StringRef> NameOrErr = Obj.file().getSectionName(Shdr);
    if (!NameOrErr)
      return NameOrErr.takeError();
    bool Is64 = *NameOrErr == "segshift_fs64";
    if (!Is64 && *NameOrErr != "segshift_fs")
      continue;
    auto Fail = [&, Name = *NameOrErr](const Twine &What) {
      return createStringError(Obj.buffer().getBufferIdentifier() +
                               ": section " + Name + ": " + What +
                               "; was it made by another version of segshift?");
    };
    Expected<ArrayRef<uint8_t>> BytesOrErr =
        Obj.file().getSectionContents(Shdr);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    unsigned Width = Is64 ? 8 : 4, Size = Width + 4;
    if (BytesOrErr->size() % Size)
      return Fail("its size is no multiple of " + Twine(Size));

    // In an object the distances are relocations.
    std::map<uint64_t, const ELFT::Rela *> Relas;
    if (Obj.isRelocatable())
      for (const ELFT::Shdr &R : *SectionsOrErr) {
        if (R.sh_type != ELF::SHT_RELA || R.sh_info != Index)
          continue;
        Expected<ELFT::RelaRange> RelasOrErr = Obj.file().relas(R);
        if (!RelasOrErr)
          return RelasOrErr.takeError();
        for (const ELFT::Rela &Rela : *RelasOrErr)
          Relas[Rela.r_offset] = &Rela;
      }

    for (uint64_t At = 0; At < BytesOrErr->size(); At += Size) {
      const uint8_t *Entry = BytesOrErr->data() + At;
      uint32_t What = support::endian::read32le(Entry + Width);
      if (What < Instruction || What > AsmEnd)
        return Fail("an entry has the unknown kind " + Twine(What));
      uint64_t Address;
      uint32_t Section = 0;
      if (Obj.isRelocatable()) {
        auto It = Relas.find(At);
        const ELFT::Sym *Sym = It == Relas.end()
                                   ? nullptr
                                   : Obj.symbol(It->second->getSymbol(false));
        if (!Sym || It->second->getType(false) !=
                        (Is64 ? ELF::R_X86_64_PC64 : ELF::R_X86_64_PC32))
          return Fail("the entry at offset " + Twine(At) +
                      " has no PC-relative relocation");
        Address = Sym->st_value + It->second->r_addend;
        Section = Sym->st_shndx;
      } else {
        int64_t Distance = Is64 ? int64_t(support::endian::read64le(Entry))
                                : int32_t(support::endian::read32le(Entry));
        Address = Shdr.sh_addr + At + Distance;
      }
      for (unsigned R = 0; R < Obj.regions().size(); ++R) {
        const Region &Reg = Obj.regions()[R];
        bool Here = Obj.isRelocatable()
                        ? Reg.Section == Section
                        : Address >= Reg.Address && Address <= Reg.end();
        if (Here)
          Result.Marks.push_back({R, Address, What});
      }
    }
  }
  llvm::sort(Result.Marks, [](const Mark &A, const Mark &B) {
    return std::tuple(A.Region, A.Address, A.What) <
           std::tuple(B.Region, B.Address, B.What);
  });
  return Result;
}

bool OnPurposeMarks::covers(unsigned Region, uint64_t Address,
                            uint64_t FunctionStart) const {
  auto It = llvm::upper_bound(
      Marks, std::pair(Region, Address),
      [](const std::pair<unsigned, uint64_t> &Key, const Mark &M) {
        return Key < std::pair(M.Region, M.Address);
      });
  // Backwards through the marks of this function: one for this instruction,
  // or the last begin or end of inline assembly.
  while (It != Marks.begin()) {
    --It;
    if (It->Region != Region || It->Address < FunctionStart)
      return false;
    if (It->What == Instruction) {
      if (It->Address == Address)
        return true;
      continue;
    }
    // A begin and an end at the same place: the end is of the one before.
    if (It->What == AsmEnd && It != Marks.begin() &&
        std::prev(It)->Region == Region &&
        std::prev(It)->Address == It->Address &&
        std::prev(It)->What == AsmBegin)
      return true;
    return It->What == AsmBegin;
  }
  return false;
}

} // namespace segshift
