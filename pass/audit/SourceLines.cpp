//===- SourceLines.cpp - file and line of an address ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SourceLines.h"
#include "llvm/DebugInfo/DWARF/DWARFCompileUnit.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace llvm;

namespace segshift::audit {

/// LLVM ends the process over relocations that it cannot read.
static bool hasSoundRelocations(const object::ObjectFile &Object) {
  const auto *Elf = dyn_cast<object::ELF64LEObjectFile>(&Object);
  if (!Elf)
    return false;
  const object::ELF64LEFile &File = Elf->getELFFile();
  auto Check = [&]() -> Error {
    auto SectionsOrErr = File.sections();
    if (!SectionsOrErr)
      return SectionsOrErr.takeError();
    for (const auto &Section : *SectionsOrErr) {
      if (Section.sh_type != ELF::SHT_RELA && Section.sh_type != ELF::SHT_REL)
        continue;
      if (Section.sh_type == ELF::SHT_REL)
        return createStringError("not of this machine");
      auto RelocationsOrErr = File.relas(Section);
      if (!RelocationsOrErr)
        return RelocationsOrErr.takeError();
      auto LinkedOrErr = File.getSection(Section.sh_link);
      if (!LinkedOrErr)
        return LinkedOrErr.takeError();
      auto TargetOrErr = File.getSection(Section.sh_info);
      if (!TargetOrErr)
        return TargetOrErr.takeError();
      if ((*LinkedOrErr)->sh_type != ELF::SHT_SYMTAB &&
          (*LinkedOrErr)->sh_type != ELF::SHT_DYNSYM) {
        if (RelocationsOrErr->empty())
          continue;
        return createStringError("no symbol table");
      }
      auto SymbolsOrErr = File.symbols(*LinkedOrErr);
      if (!SymbolsOrErr)
        return SymbolsOrErr.takeError();
      for (const auto &R : *RelocationsOrErr)
        if (R.getSymbol(false) >= SymbolsOrErr->size())
          return createStringError("no such symbol");
    }
    return Error::success();
  };
  if (Error E = Check()) {
    consumeError(std::move(E));
    return false;
  }
  return true;
}

std::optional<SourcePlace> SourceLines::at(uint64_t Address, uint32_t Section) {
  if (!Opened) {
    Opened = true;
    auto ObjectOrErr = object::ObjectFile::createELFObjectFile(Buffer);
    if (!ObjectOrErr) {
      consumeError(ObjectOrErr.takeError());
      return std::nullopt;
    }
    Object = std::move(*ObjectOrErr);
    if (Object->isRelocatableObject() && !hasSoundRelocations(*Object))
      return std::nullopt;
    auto Ignore = [](Error E) { consumeError(std::move(E)); };
    Context = DWARFContext::create(
        *Object, DWARFContext::ProcessDebugRelocations::Process, nullptr, "",
        Ignore, Ignore);
  }
  if (!Context)
    return std::nullopt;

  object::SectionedAddress Place;
  Place.Address = Address;
  if (Object->isRelocatableObject())
    Place.SectionIndex = Section;
  // Only the line table is read: LLVM's walk over the entries of .debug_info,
  // which names functions, does not stand damaged ones.
  DWARFUnit *Unit = Context->getCompileUnitForCodeAddress(Address);
  const DWARFDebugLine::LineTable *Lines =
      Unit ? Context->getLineTableForUnit(Unit) : nullptr;
  DILineInfo Info;
  if (!Lines ||
      !Lines->getFileLineInfoForAddress(
          Place, /*Approximate=*/false, Unit->getCompilationDir(),
          DILineInfoSpecifier::FileLineInfoKind::RelativeFilePath, Info) ||
      Info.FileName == DILineInfo::BadString || Info.Line == 0)
    return std::nullopt;
  return SourcePlace{Info.FileName, Info.Line, Info.Column};
}

} // namespace segshift::audit
