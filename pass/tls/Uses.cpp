//===- Uses.cpp - where a file reaches TLS --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Uses.h"
#include "../disasm/CodeReader.h"
#include "segshift/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <set>

using namespace llvm;

namespace segshift::tls {

StringRef name(Model M) {
  switch (M) {
  case Model::LocalExec:
    return "local-exec";
  case Model::InitialExec:
    return "initial-exec";
  case Model::GeneralDynamic:
    return "general-dynamic";
  case Model::LocalDynamic:
    return "local-dynamic";
  case Model::Descriptor:
    return "descriptor";
  case Model::ThreadPointer:
    return "thread-pointer";
  case Model::ControlBlock:
    return "control-block";
  case Model::Computed:
    return "computed";
  }
  return "";
}

static StringRef slot(int64_t Offset) {
  switch (Offset) {
  case SEGSHIFT_TCB_DTV:
    return "DTV";
  case SEGSHIFT_TCB_SELF2:
    return "thread pointer, libc's copy";
  case SEGSHIFT_TCB_CANARY:
    return "canary";
  case SEGSHIFT_TCB_PTR_GUARD:
    return "pointer guard";
  case SEGSHIFT_TCB_SPLIT_STACK:
    return "split stack";
  }
  return "";
}

/// The model that a code relocation names; psABI table 4.9 and "ELF Handling
/// For Thread-Local Storage".
static std::optional<Model> modelOf(uint32_t Type) {
  switch (Type) {
  case ELF::R_X86_64_TPOFF32:
  case ELF::R_X86_64_TPOFF64:
    return Model::LocalExec;
  case ELF::R_X86_64_GOTTPOFF:
  case ELF::R_X86_64_CODE_4_GOTTPOFF:
  case ELF::R_X86_64_CODE_6_GOTTPOFF:
    return Model::InitialExec;
  case ELF::R_X86_64_TLSGD:
    return Model::GeneralDynamic;
  case ELF::R_X86_64_TLSLD:
  case ELF::R_X86_64_DTPOFF32:
  case ELF::R_X86_64_DTPOFF64:
    return Model::LocalDynamic;
  case ELF::R_X86_64_GOTPC32_TLSDESC:
  case ELF::R_X86_64_CODE_4_GOTPC32_TLSDESC:
    return Model::Descriptor;
  default:
    return std::nullopt;
  }
}

static std::string functionAt(const ElfObject &Obj, unsigned R,
                              uint64_t Address) {
  const Symbol *S = Obj.enclosing(R, Address);
  return S && !S->Name.empty() ? S->Name.str() : Obj.regions()[R].Name.str();
}

static void code(const ElfObject &Obj, const Layout &L, CodeReader &Reader,
                 const CodeRange &Range, uint8_t Prefix,
                 std::vector<std::pair<uint64_t, Use>> &Out) {
  ArrayRef<uint8_t> Bytes = Reader.bytes(Range);
  if (findOverride(Bytes, 0, Prefix) == Bytes.size())
    return;
  SegReg Seg = Prefix == FSPrefix ? SegReg::FS : SegReg::GS;
  for (const CodeEntry &E : Reader.read(Range, Prefix)) {
    if (E.How != Standing::Code)
      continue;
    Insn I = Reader.decode(Range.Region, E);
    if (!I.reaches(Seg))
      continue;
    Use U;
    U.Seg = Seg == SegReg::FS ? Segment::FS : Segment::GS;
    U.Function = functionAt(Obj, Range.Region, I.Address);
    ArrayRef<Relocation> Relocs =
        Obj.relocations(Range.Region, I.Address, I.end());
    auto *Rel = find_if(Relocs, [](const Relocation &R) {
      return modelOf(R.Type).has_value();
    });
    if (Rel != Relocs.end()) {
      U.M = *modelOf(Rel->Type);
      U.Variable = Obj.symbolName(Rel->Symbol);
      Out.push_back({Rel->Address, std::move(U)});
      continue;
    }
    bool Fixed = I.Mem && !I.Mem->Base && !I.Mem->Index;
    if (Fixed)
      U.TpOff = I.Mem->Disp;
    if (!Fixed) {
      U.M = Model::Computed;
    } else if (U.TpOff < 0) {
      U.M = Model::LocalExec;
      if (const Variable *V = L.at(U.TpOff))
        U.Variable = V->Name;
    } else if (U.TpOff == 0) {
      U.M = Model::ThreadPointer;
    } else {
      U.M = Model::ControlBlock;
      U.Variable = slot(U.TpOff);
    }
    Out.push_back({I.Address, std::move(U)});
  }
}

static void relocations(const ElfObject &Obj, unsigned R,
                        std::vector<std::pair<uint64_t, Use>> &Out) {
  std::set<uint64_t> InCode; // those that code() has
  for (const auto &[Address, U] : Out)
    InCode.insert(Address);
  for (const Relocation &Rel : Obj.relocations(R)) {
    std::optional<Model> M = modelOf(Rel.Type);
    if (!M || InCode.count(Rel.Address))
      continue;
    Use U;
    U.M = *M;
    U.Function = functionAt(Obj, R, Rel.Address);
    U.Variable = Obj.symbolName(Rel.Symbol);
    Out.push_back({Rel.Address, std::move(U)});
  }
}

static Expected<std::string> symbolName(const ElfObject &Obj,
                                        const ELFT::Rela &R,
                                        const ELFT::Shdr &Relocations) {
  auto Table = Obj.file().getSection(Relocations.sh_link);
  if (!Table)
    return Table.takeError();
  auto Sym = Obj.file().getRelocationSymbol(R, *Table);
  if (!Sym)
    return Sym.takeError();
  auto Names = Obj.file().getStringTableForSymtab(**Table);
  if (!Names)
    return Names.takeError();
  auto Name = (*Sym)->getName(*Names);
  if (!Name)
    return Name.takeError();
  return Name->str();
}

// DTPMOD64 with a symbol is the first half of a general-dynamic pair. Without
// one it is the module's own number: local-dynamic, or a general-dynamic pair
// of a symbol that the linker knew to be the module's own.
static Error dynamicRelocations(const ElfObject &Obj, const Layout &L,
                                std::vector<Use> &Out) {
  auto Sections = Obj.file().sections();
  if (!Sections)
    return Sections.takeError();
  for (const auto &S : *Sections) {
    if (S.sh_type != ELF::SHT_RELA || !(S.sh_flags & ELF::SHF_ALLOC))
      continue;
    auto Relas = Obj.file().relas(S);
    if (!Relas)
      return Relas.takeError();
    for (const ELFT::Rela &R : *Relas) {
      Use U;
      switch (R.getType(false)) {
      case ELF::R_X86_64_TPOFF64:
        U.M = Model::InitialExec;
        break;
      case ELF::R_X86_64_TLSDESC:
        U.M = Model::Descriptor;
        break;
      case ELF::R_X86_64_DTPMOD64:
        U.M = R.getSymbol(false) ? Model::GeneralDynamic : Model::LocalDynamic;
        break;
      default:
        continue;
      }
      if (R.getSymbol(false)) {
        auto Name = symbolName(Obj, R, S);
        if (!Name)
          return Name.takeError();
        U.Variable = std::move(*Name);
      } else if (U.M == Model::InitialExec) {
        if (const Variable *V = L.at(R.r_addend - int64_t(L.BlockSize)))
          U.Variable = V->Name;
      }
      Out.push_back(std::move(U));
    }
  }
  return Error::success();
}

Expected<std::vector<Use>> findUses(const ElfObject &Obj, const Layout &L) {
  std::vector<Use> Result;
  CodeReader Reader(Obj, Decoder::forThread());
  for (unsigned R = 0; R < Obj.regions().size(); ++R) {
    std::vector<std::pair<uint64_t, Use>> InRegion;
    for (const CodeRange &Range : Reader.ranges(R))
      for (uint8_t Prefix : {FSPrefix, GSPrefix})
        code(Obj, L, Reader, Range, Prefix, InRegion);
    if (Obj.isRelocatable())
      relocations(Obj, R, InRegion);
    llvm::sort(InRegion, [](const auto &A, const auto &B) {
      return std::tie(A.first, A.second.M) < std::tie(B.first, B.second.M);
    });
    for (auto &[Address, U] : InRegion)
      Result.push_back(std::move(U));
  }
  if (!Obj.isRelocatable())
    if (Error E = dynamicRelocations(Obj, L, Result))
      return std::move(E);
  return Result;
}

} // namespace segshift::tls
