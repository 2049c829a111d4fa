//===- SourceLines.cpp - file and line of an address ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SourceLines.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"

using namespace llvm;

namespace segshift::audit {

std::optional<SourcePlace> SourceLines::at(uint64_t Address, uint32_t Section) {
  if (!Opened) {
    Opened = true;
    auto ObjectOrErr = object::ObjectFile::createELFObjectFile(Buffer);
    if (!ObjectOrErr) {
      consumeError(ObjectOrErr.takeError());
      return std::nullopt;
    }
    Object = std::move(*ObjectOrErr);
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
  using Spec = DILineInfoSpecifier;
  auto Info = Context->getLineInfoForAddress(
      Place, Spec(Spec::FileLineInfoKind::RelativeFilePath,
                  Spec::FunctionNameKind::None));
  if (!Info || Info->FileName == DILineInfo::BadString || Info->Line == 0)
    return std::nullopt;
  return SourcePlace{Info->FileName, Info->Line, Info->Column};
}

} // namespace segshift::audit
