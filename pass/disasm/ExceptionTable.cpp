//===- ExceptionTable.cpp - what enters landing pads ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ExceptionTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/DataExtractor.h"
#include <map>

using namespace llvm;

namespace segshift {

namespace {

/// A place in the file: in an object, a section and an offset in it; in an
/// image, section 0 and an address.
struct Place {
  uint32_t Section = 0;
  uint64_t Address = 0;
};

/// What a CIE says of its FDEs.
struct Common {
  uint8_t CodeEncoding = dwarf::DW_EH_PE_absptr;
  uint8_t TableEncoding = dwarf::DW_EH_PE_omit;
  bool HasData = false; ///< FDEs have augmentation data
};

class Tables {
public:
  explicit Tables(const ElfObject &Obj) : Obj(Obj) {}
  std::vector<CallSite> read();

private:
  void readFrames(uint32_t Section, const ELFT::Shdr &Header);
  std::optional<Common> readCommon(DataExtractor Data, uint64_t At) const;
  void readFunction(DataExtractor Data, const Place &Frame, uint64_t At,
                    const Common &C);
  void readCallSites(const Place &Function, const Place &Table);
  /// The pointer at the cursor, in bytes that begin at \p Frame; none where it
  /// is omitted or zero.
  std::optional<Place> pointer(DataExtractor Data, DataExtractor::Cursor &C,
                               const Place &Frame, uint8_t Encoding) const;
  std::optional<uint64_t> value(DataExtractor Data, DataExtractor::Cursor &C,
                                uint8_t Encoding) const;
  ArrayRef<uint8_t> bytesAt(const Place &P) const;
  int regionOf(const Place &P) const;

  const ElfObject &Obj;
  std::vector<CallSite> Result;
};

DataExtractor extractor(ArrayRef<uint8_t> Bytes) {
  return DataExtractor(Bytes, /*IsLittleEndian=*/true, /*AddressSize=*/8);
}

std::optional<uint64_t> Tables::value(DataExtractor Data,
                                      DataExtractor::Cursor &C,
                                      uint8_t Encoding) const {
  switch (Encoding & 0x0f) {
  case dwarf::DW_EH_PE_absptr:
  case dwarf::DW_EH_PE_udata8:
  case dwarf::DW_EH_PE_sdata8:
    return Data.getU64(C);
  case dwarf::DW_EH_PE_uleb128:
    return Data.getULEB128(C);
  case dwarf::DW_EH_PE_sleb128:
    return Data.getSLEB128(C);
  case dwarf::DW_EH_PE_udata2:
    return Data.getU16(C);
  case dwarf::DW_EH_PE_sdata2:
    return int64_t(int16_t(Data.getU16(C)));
  case dwarf::DW_EH_PE_udata4:
    return Data.getU32(C);
  case dwarf::DW_EH_PE_sdata4:
    return int64_t(int32_t(Data.getU32(C)));
  default:
    return std::nullopt;
  }
}

std::optional<Place> Tables::pointer(DataExtractor Data,
                                     DataExtractor::Cursor &C,
                                     const Place &Frame,
                                     uint8_t Encoding) const {
  if (Encoding == dwarf::DW_EH_PE_omit)
    return std::nullopt;
  uint64_t At = C.tell();
  std::optional<uint64_t> Value = value(Data, C, Encoding);
  if (!Value || !C)
    return std::nullopt;
  uint8_t Relative = Encoding & 0x70;
  if (Encoding & dwarf::DW_EH_PE_indirect ||
      (Relative && Relative != dwarf::DW_EH_PE_pcrel))
    return std::nullopt;
  if (Obj.isRelocatable()) {
    // Absolute or relative to its own place: S + A is what it points at.
    const ELFT::Rela *R = Obj.relocationAt(Frame.Section, Frame.Address + At);
    const ELFT::Sym *Sym = R ? Obj.symbol(R->getSymbol(false)) : nullptr;
    uint32_t Section = R ? Obj.symbolSection(R->getSymbol(false)) : 0;
    if (!Sym || !Section)
      return std::nullopt;
    return Place{Section, Sym->st_value + R->r_addend};
  }
  if (*Value == 0)
    return std::nullopt;
  return Place{0, Relative ? Frame.Address + At + *Value : *Value};
}

ArrayRef<uint8_t> Tables::bytesAt(const Place &P) const {
  if (!Obj.isRelocatable())
    return Obj.bytesAt(P.Address);
  Expected<const ELFT::Shdr *> ShdrOrErr = Obj.file().getSection(P.Section);
  if (!ShdrOrErr)
    return consumeError(ShdrOrErr.takeError()), ArrayRef<uint8_t>();
  if ((*ShdrOrErr)->sh_type == ELF::SHT_NOBITS)
    return {};
  Expected<ArrayRef<uint8_t>> BytesOrErr =
      Obj.file().getSectionContents(**ShdrOrErr);
  if (!BytesOrErr)
    return consumeError(BytesOrErr.takeError()), ArrayRef<uint8_t>();
  return P.Address < BytesOrErr->size() ? BytesOrErr->drop_front(P.Address)
                                        : ArrayRef<uint8_t>();
}

int Tables::regionOf(const Place &P) const {
  for (const auto &[Index, R] : enumerate(Obj.regions()))
    if ((!Obj.isRelocatable() || R.Section == P.Section) &&
        R.contains(P.Address))
      return Index;
  return -1;
}

std::optional<Common> Tables::readCommon(DataExtractor Data,
                                         uint64_t At) const {
  DataExtractor::Cursor C(At);
  Common Result;
  uint8_t Version = Data.getU8(C);
  StringRef Augmentation = Data.getCStrRef(C);
  Data.getULEB128(C); // code and data alignment
  Data.getSLEB128(C);
  if (Version == 1)
    Data.getU8(C); // return address register
  else
    Data.getULEB128(C);
  bool Known = Version == 1 || Version == 3;
  for (char Letter : Augmentation)
    switch (Letter) {
    case 'z':
      Result.HasData = true;
      Data.getULEB128(C);
      break;
    case 'P': // its value is not needed, its size is
      if (uint8_t Encoding = Data.getU8(C); Encoding != dwarf::DW_EH_PE_omit)
        Known &= value(Data, C, Encoding).has_value();
      break;
    case 'L':
      Result.TableEncoding = Data.getU8(C);
      break;
    case 'R':
      Result.CodeEncoding = Data.getU8(C);
      break;
    case 'S':
    case 'B':
      break;
    default:
      Known = false;
    }
  if (!C || !Known)
    return consumeError(C.takeError()), std::nullopt;
  return Result;
}

/// A table's rows, each: start and length of the calls, landing pad, action.
void Tables::readCallSites(const Place &Function, const Place &Table) {
  int Region = regionOf(Function);
  DataExtractor Data = extractor(bytesAt(Table));
  DataExtractor::Cursor C(0);
  // Another base than the function is not written by GCC, and by Clang only
  // with sections for basic blocks.
  uint8_t BaseEncoding = Data.getU8(C);
  if (uint8_t TypeEncoding = Data.getU8(C);
      C && TypeEncoding != dwarf::DW_EH_PE_omit)
    Data.getULEB128(C);
  uint8_t Encoding = Data.getU8(C);
  uint64_t Size = Data.getULEB128(C);
  if (!C || Region < 0 || BaseEncoding != dwarf::DW_EH_PE_omit)
    return consumeError(C.takeError());
  uint64_t End = C.tell() + Size;
  while (C && C.tell() < End) {
    std::optional<uint64_t> Start = value(Data, C, Encoding),
                            Length = value(Data, C, Encoding),
                            Pad = value(Data, C, Encoding);
    Data.getULEB128(C); // action
    if (!C || !Start || !Length || !Pad)
      break;
    uint64_t Begin = Function.Address + *Start;
    if (*Pad && Obj.regions()[Region].contains(Function.Address + *Pad))
      Result.push_back(
          {unsigned(Region), Begin, Begin + *Length, Function.Address + *Pad});
  }
  consumeError(C.takeError());
}

void Tables::readFunction(DataExtractor Data, const Place &Frame, uint64_t At,
                          const Common &Common) {
  DataExtractor::Cursor C(At);
  std::optional<Place> Function = pointer(Data, C, Frame, Common.CodeEncoding);
  value(Data, C, Common.CodeEncoding & 0x0f); // the function's size
  std::optional<Place> Table;
  if (Common.HasData && C && Data.getULEB128(C))
    Table = pointer(Data, C, Frame, Common.TableEncoding);
  consumeError(C.takeError());
  if (Function && Table)
    readCallSites(*Function, *Table);
}

void Tables::readFrames(uint32_t Section, const ELFT::Shdr &Header) {
  Place Frame = Obj.isRelocatable() ? Place{Section, 0}
                                    : Place{0, uint64_t(Header.sh_addr)};
  Expected<ArrayRef<uint8_t>> BytesOrErr =
      Obj.file().getSectionContents(Header);
  if (!BytesOrErr)
    return consumeError(BytesOrErr.takeError());
  DataExtractor Data = extractor(*BytesOrErr);
  std::map<uint64_t, std::optional<Common>> Commons;
  for (uint64_t At = 0; At + 8 <= BytesOrErr->size();) {
    DataExtractor::Cursor C(At);
    uint64_t Length = Data.getU32(C);
    if (Length == 0) { // the end of one object's frames in a link
      consumeError(C.takeError());
      At += 4;
      continue;
    }
    uint64_t Body = At + 4;
    uint32_t Back = Data.getU32(C);
    consumeError(C.takeError());
    if (Length >= 0xfffffff0 || Length > BytesOrErr->size() - Body)
      return; // 64-bit frames, or damaged ones
    DataExtractor Entry = extractor(BytesOrErr->take_front(Body + Length));
    if (Back == 0)
      Commons[At] = readCommon(Entry, Body + 4);
    else if (auto It = Commons.find(Body - Back);
             It != Commons.end() && It->second)
      readFunction(Entry, Frame, Body + 4, *It->second);
    At = Body + Length;
  }
}

std::vector<CallSite> Tables::read() {
  Expected<ELFT::ShdrRange> SectionsOrErr = Obj.file().sections();
  if (!SectionsOrErr)
    return consumeError(SectionsOrErr.takeError()), std::vector<CallSite>();
  for (const auto &[Index, S] : enumerate(*SectionsOrErr)) {
    Expected<StringRef> NameOrErr = Obj.file().getSectionName(S);
    if (!NameOrErr) {
      consumeError(NameOrErr.takeError());
      continue;
    }
    if (*NameOrErr == ".eh_frame" && S.sh_type != ELF::SHT_NOBITS)
      readFrames(Index, S);
  }
  llvm::sort(Result, [](const CallSite &A, const CallSite &B) {
    return std::tie(A.Region, A.Pad, A.Begin) <
           std::tie(B.Region, B.Pad, B.Begin);
  });
  return std::move(Result);
}

} // namespace

std::vector<CallSite> readCallSites(const ElfObject &Obj) {
  return Tables(Obj).read();
}

} // namespace segshift
