//===- Audit.cpp - the audit of one file ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Audit.h"
#include "../disasm/CodeReader.h"
#include "../disasm/Elf.h"
#include "../tls/Layout.h"
#include "Classify.h"
#include "Marks.h"
#include "RegisterValues.h"
#include "SourceLines.h"
#include "segshift/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace segshift::audit {

namespace {

bool isFsKind(Kind K) {
  switch (K) {
  case Kind::FsMemory:
  case Kind::FsString:
  case Kind::FsSelector:
  case Kind::FsBase:
  case Kind::FsMsr:
  case Kind::FsPrefix:
    return true;
  default:
    return false;
  }
}

bool isTlsRelocation(uint32_t Type) {
  switch (Type) {
  case ELF::R_X86_64_DTPMOD64:
  case ELF::R_X86_64_DTPOFF64:
  case ELF::R_X86_64_DTPOFF32:
  case ELF::R_X86_64_TPOFF64:
  case ELF::R_X86_64_TPOFF32:
  case ELF::R_X86_64_TLSGD:
  case ELF::R_X86_64_TLSLD:
  case ELF::R_X86_64_GOTTPOFF:
  case ELF::R_X86_64_CODE_4_GOTTPOFF:
  case ELF::R_X86_64_CODE_6_GOTTPOFF:
  case ELF::R_X86_64_GOTPC32_TLSDESC:
  case ELF::R_X86_64_CODE_4_GOTPC32_TLSDESC:
  case ELF::R_X86_64_TLSDESC_CALL:
    return true;
  default:
    return false;
  }
}

// A linker that relaxes these writes `mov %fs:0,%rax`. Relaxing the others
// changes no segment (docs/audit.md).
bool relaxesToFs(uint32_t Type) {
  return Type == ELF::R_X86_64_TLSGD || Type == ELF::R_X86_64_TLSLD;
}

class FileAudit {
public:
  FileAudit(const ElfObject &Obj, const tls::Layout &Tls, Marks &Marked,
            const Options &O, AllowList &Allow, FileReport &Report)
      : Obj(Obj), Dec(Decoder::forThread()), Ops(Dec), Marked(Marked), O(O),
        Allow(Allow), Report(Report), Lines(Obj.buffer()) {
    Ctx.Relocatable = Obj.isRelocatable();
    Ctx.Tls = &Tls;
    Ctx.KernelArea = O.KernelArea;
    Ctx.TcbOffsets = O.TcbOffsets;
    Ctx.Object = &Obj;
  }

  void run() {
    for (unsigned R = 0; R < Obj.regions().size(); ++R)
      walk(R);
    for (const FSMark &M : Marked.unused()) {
      Site S = place(M.Region, M.Begin);
      S.K = Kind::StaleMark;
      S.What = "on-purpose mark, but no FS use from this instruction on";
      report(std::move(S));
    }
    llvm::sort(Report.Sites, [&](const Site &A, const Site &B) {
      return std::tie(A.FileOffset, A.K) < std::tie(B.FileOffset, B.K);
    });
  }

  // Addresses that reach memory through FS or GS, for the link map.
  std::vector<uint64_t> SegmentUses;

private:
  // Decodes from the region's start on. Data symbols are skipped; every other
  // symbol is taken for an instruction's start, so that misread bytes in front
  // of it cannot hide anything behind it.
  void walk(unsigned R) {
    const Region &Reg = Obj.regions()[R];
    ArrayRef<Symbol> Symbols = Obj.symbols(R);
    FsUses.clear();
    size_t NextSymbol = 0;
    std::vector<uint64_t> Starts; // instructions since the last function symbol
    std::vector<unsigned> Later;  // of these, what the function has to tell of
    uint64_t DataEnd = 0;
    Insn I;
    for (uint64_t At = Reg.Address; At < Reg.end();) {
      while (NextSymbol < Symbols.size() && Symbols[NextSymbol].Address <= At) {
        const Symbol &S = Symbols[NextSymbol++];
        if (S.isData() && S.Size && !isFunctionAt(R, S.Address))
          DataEnd = std::max(DataEnd, std::min(Reg.end(), S.Address + S.Size));
        else if (S.isFunction()) {
          withFunction(R, Starts, Later);
          Starts.clear();
          Later.clear();
        }
      }
      uint64_t Limit =
          NextSymbol < Symbols.size() ? Symbols[NextSymbol].Address : Reg.end();
      if (At < DataEnd) {
        At = std::min(DataEnd, std::max(Limit, At + 1));
        continue;
      }
      if (!Dec.decode(Reg.Bytes.drop_front(At - Reg.Address), At, I)) {
        At = unread(R, At, Limit);
        continue;
      }
      if (isNamedByFunction(I) || readsMsrInEcx(I))
        Later.push_back(Starts.size());
      else
        instruction(R, I);
      if (I.reaches(SegReg::FS) && !Reader.isData(R, At))
        FsUses.push_back({I.Address, I.end()});
      Starts.push_back(At);
      At = std::min(I.end(), std::max(Limit, At + 1));
    }
    withFunction(R, Starts, Later);
    misread(R);
    // Relocations in what was not read as code.
    for (const Relocation &Rel : Obj.relocations(R)) {
      Report.Tls |= isTlsRelocation(Rel.Type);
      if (relaxesToFs(Rel.Type) && Ctx.Relocatable &&
          !SeenRelocs.count({R, Rel.Address}))
        relaxable(R, Rel, nullptr);
    }
  }

  bool readAsFsUse(uint64_t Address) const {
    auto It = partition_point(
        FsUses, [&](const auto &Use) { return Use.second <= Address; });
    return It != FsUses.end() && Address >= It->first;
  }

  // Data in text without a symbol can put the walk out of step. Where it passed
  // over bytes that may be an FS override, control flow is followed as well.
  void misread(unsigned R) {
    for (const CodeRange &Range : Reader.ranges(R)) {
      ArrayRef<uint8_t> Bytes = Reader.bytes(Range);
      size_t Hit = findOverride(Bytes, 0);
      while (Hit < Bytes.size() && readAsFsUse(Range.Begin + Hit))
        Hit = findOverride(Bytes, Hit + 1);
      if (Hit == Bytes.size())
        continue;
      for (const CodeEntry &E : Reader.read(Range)) {
        if (E.How == Standing::Data || E.How == Standing::Unread ||
            readAsFsUse(E.Address))
          continue;
        Insn I = Reader.decode(R, E);
        if (I.reaches(SegReg::FS))
          instruction(R, I);
      }
    }
  }

  bool isFunctionAt(unsigned R, uint64_t Address) const {
    // Among symbols of one address, functions come first.
    ArrayRef<Symbol> List = Obj.symbols(R);
    auto *It = partition_point(
        List, [&](const Symbol &S) { return S.Address < Address; });
    return It != List.end() && It->Address == Address && It->isFunction();
  }

  bool readsMsrInEcx(const Insn &I) {
    return Ops.role(I) == Role::ReadMsr || Ops.role(I) == Role::WriteMsr;
  }

  void instruction(unsigned R, const Insn &I) {
    ArrayRef<Relocation> Relocs = Obj.relocations(R, I.Address, I.end());
    classify(Ops, I, Relocs, Ctx, Found);
    if (Found.TouchesTls) {
      Report.Tls = true;
      SegmentUses.push_back(I.Address);
    }
    for (const Use &U : Found.List)
      use(R, I, U);
    if (Ctx.Relocatable)
      for (const Relocation &Rel : Relocs)
        if (relaxesToFs(Rel.Type)) {
          SeenRelocs.insert({R, Rel.Address});
          relaxable(R, Rel, &I);
        }
  }

  void use(unsigned R, const Insn &I, const Use &U) {
    bool OfMemory =
        U.K == Kind::FsMemory || U.K == Kind::FsString || U.K == Kind::FsPrefix;
    if (OfMemory && Reader.isData(R, I.Address))
      return;
    Site S = place(R, I.Address);
    code(S, I);
    S.K = U.K;
    S.What = U.What;
    S.AtContractOffset = U.AtContractOffset;
    // covers() first: a mark of use is not stale where it is not honoured.
    if (isFsKind(U.K) && Marked.covers(R, I.Address) && O.UseMarks) {
      S.St = Status::Marked;
      S.Reason = "the object marks this use of FS as meant";
    }
    report(std::move(S));
  }

  void relaxable(unsigned R, const Relocation &Rel, const Insn *I) {
    Site S = place(R, I ? I->Address : Rel.Address);
    if (I)
      code(S, *I);
    S.K = Kind::TlsRelax;
    StringRef Name = Obj.symbolName(Rel.Symbol);
    S.What = (object::getELFRelocationTypeName(ELF::EM_X86_64, Rel.Type) +
              " against " + (Name.empty() ? "an unnamed symbol" : Name) +
              ": a linker that relaxes it writes %fs")
                 .str();
    report(std::move(S));
  }

  bool mayBeFsUse(unsigned R, uint64_t Address) {
    const CodeRange *Range = Reader.rangeAt(R, Address);
    return Range && mayBeOverride(Reader.bytes(*Range), Address - Range->Begin);
  }

  // Bytes that do not decode, up to Limit. Returns where to go on.
  uint64_t unread(unsigned R, uint64_t At, uint64_t Limit) {
    const Region &Reg = Obj.regions()[R];
    uint64_t Begin = At;
    Insn I;
    do
      ++At;
    while (At < Limit && At < Reg.end() &&
           !Dec.decode(Reg.Bytes.drop_front(At - Reg.Address), At, I));
    ArrayRef<uint8_t> Bytes = Reg.Bytes.slice(Begin - Reg.Address, At - Begin);
    bool Holds = false;
    for (uint64_t Byte = Begin; Byte < At && !Holds; ++Byte)
      Holds = Reg.Bytes[Byte - Reg.Address] == FSPrefix &&
              mayBeFsUse(R, Byte) && !Reader.isData(R, Byte);
    if (Holds) {
      Site S = place(R, Begin);
      S.K = Kind::FsUnread;
      S.What = "bytes with an FS prefix that do not decode as an instruction";
      S.Bytes = Bytes.take_front(15).vec();
      S.Assembly = "(" + std::to_string(Bytes.size()) + " bytes)";
      report(std::move(S));
    }
    return At;
  }

  // The instructions of one function, now that all of it was seen, whose MSR's
  // number or variable the others tell.
  void withFunction(unsigned R, ArrayRef<uint64_t> Starts,
                    ArrayRef<unsigned> Later) {
    // Text without symbols is one large function; a window is enough there.
    constexpr unsigned Window = 2000;
    for (size_t First = 0; First < Later.size();) {
      unsigned Begin = Later[First] > Window ? Later[First] - Window : 0;
      unsigned End = std::min<size_t>(Starts.size(), Later[First] + Window);
      const Region &Reg = Obj.regions()[R];
      std::vector<Insn> Code;
      for (uint64_t At : Starts.slice(Begin, End - Begin)) {
        Insn I;
        if (Dec.decode(Reg.Bytes.drop_front(At - Reg.Address), At, I))
          Code.push_back(std::move(I));
      }
      Function F{Code, Obj, R};
      std::map<uint64_t, std::optional<uint32_t>> Msrs;
      forEachState(
          Ops, F,
          [&](const Insn &I, const Registers &Before, const Registers &) {
            if (readsMsrInEcx(I) && Before[Rcx] && Before[Rcx]->isNumber())
              Msrs[I.Address] = uint32_t(Before[Rcx]->Number);
          });
      std::map<uint64_t, Reached> Variables = findVariables(Ops, F, Ctx.Tls);
      for (; First < Later.size() && Later[First] < End; ++First) {
        const Insn &I = Code[Later[First] - Begin];
        auto Known = Variables.find(I.Address);
        Ctx.Known = Known == Variables.end() ? nullptr : &Known->second;
        instruction(R, I);
        Ctx.Known = nullptr;
        if (readsMsrInEcx(I))
          if (auto U =
                  classifyMsr(Ops.role(I) == Role::WriteMsr, Msrs[I.Address]))
            use(R, I, *U);
      }
    }
  }

  Site place(unsigned R, uint64_t Address) const {
    const Region &Reg = Obj.regions()[R];
    Site S;
    S.Section = Reg.Name.str();
    S.Address = Address;
    S.FileOffset = Reg.FileOffset + (Address - Reg.Address);
    const Symbol *Sym = Obj.enclosing(R, Address);
    if (Sym && !Sym->Name.empty()) {
      S.Function = Sym->Name.str();
      S.FunctionReadable = demangle(S.Function);
      S.FunctionOffset = Address - Sym->Address;
    } else {
      S.Function = S.FunctionReadable = S.Section;
      S.FunctionOffset = Address - Reg.Address;
    }
    if (O.Map)
      if (const LinkMap::Piece *P = O.Map->at(Address))
        S.Object = P->Object + ":(" + P->Section + ")";
    return S;
  }

  void code(Site &S, const Insn &I) const {
    S.Bytes = I.Bytes.vec();
    S.Assembly = Dec.print(I);
  }

  void report(Site S) {
    S.Sev = O.Promoted.count(S.K) ? Severity::Finding : info(S.K).Default;
    if (O.UseDebugInfo && S.Section != "PT_LOAD") {
      uint32_t Section = 0;
      for (const Region &Reg : Obj.regions())
        if (S.FileOffset - Reg.FileOffset < Reg.Bytes.size())
          Section = Reg.Section;
      S.Source = Lines.at(S.Address, Section);
    }
    if (S.St == Status::Reported)
      Allow.apply(S);
    Report.Sites.push_back(std::move(S));
  }

  const ElfObject &Obj;
  const Decoder &Dec;
  Opcodes Ops;
  Marks &Marked;
  const Options &O;
  AllowList &Allow;
  FileReport &Report;
  SourceLines Lines;
  Context Ctx;
  Uses Found;
  CodeReader Reader{Obj, Dec};
  std::vector<std::pair<uint64_t, uint64_t>> FsUses; // of the region, in walk()
  std::set<std::pair<unsigned, uint64_t>> SeenRelocs;
};

Site aboutObject(Kind K, const Options &O, std::string What) {
  Site S;
  S.K = K;
  S.Sev = O.Promoted.count(K) ? Severity::Finding : info(K).Default;
  S.What = std::move(What);
  return S;
}

// Objects of the link that hold TLS or reach FS or GS, and brought no note.
void unmarkedObjects(const LinkMap &Map, ArrayRef<uint64_t> SegmentUses,
                     const Options &O, FileReport &Report) {
  std::map<StringRef, std::string> Touching; // and by what
  std::set<StringRef> Noted;
  for (const LinkMap::Piece &P : Map.Pieces) {
    StringRef S = P.Section;
    if (S == SEGSHIFT_NOTE_SECTION || S == SEGSHIFT_OBJECT_SECTION)
      Noted.insert(P.Object);
    else if (P.Size && (S.starts_with(".tdata") || S.starts_with(".tbss")))
      Touching.try_emplace(P.Object, "holds " + P.Section);
  }
  for (uint64_t Address : SegmentUses)
    if (const LinkMap::Piece *P = Map.at(Address))
      Touching.try_emplace(P->Object, "reaches FS or GS in " + P->Section);
  for (auto &[Object, How] : Touching)
    if (!Noted.count(Object)) {
      Site S = aboutObject(
          Kind::Unmarked, O,
          (Object + " " + How + ", and has no segshift note").str());
      Report.Sites.push_back(std::move(S));
    }
}

} // namespace

Expected<FileReport> auditFile(MemoryBufferRef Buffer, StringRef Name,
                               const Options &O, AllowList &Allow) {
  auto Fail = [&](Error E) {
    return createStringError(Name + ": " + toString(std::move(E)) +
                             " [SEG003]");
  };
  auto Obj = ElfObject::create(MemoryBufferRef(Buffer.getBuffer(), Name));
  if (!Obj)
    return Obj.takeError();
  auto Tls = tls::readLayout((*Obj)->file());
  if (!Tls)
    return Fail(Tls.takeError());
  auto Found = readNotes(**Obj);
  if (!Found)
    return Fail(Found.takeError());
  auto MarksOrErr = FSMarks::read(**Obj);
  if (!MarksOrErr)
    return Fail(MarksOrErr.takeError());
  Marks Marked(std::move(*MarksOrErr));

  FileReport Report;
  Report.Name = Name.str();
  uint16_t Type = (*Obj)->file().getHeader().e_type;
  Report.Type = Type == ELF::ET_REL    ? "relocatable"
                : Type == ELF::ET_EXEC ? "executable"
                                       : "shared";
  Report.Tls = Tls->HasTls;
  Report.Notes = Found->Count;

  FileAudit A(**Obj, *Tls, Marked, O, Allow, Report);
  A.run();
  for (uint32_t Version : Found->Versions)
    Report.Sites.push_back(aboutObject(Kind::AbiVersion, O,
                                       "segshift note of ABI version " +
                                           std::to_string(Version) +
                                           "; this segshift knows version 1"));
  if (O.Map)
    unmarkedObjects(*O.Map, A.SegmentUses, O, Report);
  else if ((*Obj)->isRelocatable() && Report.Tls && !Report.Notes)
    Report.Sites.push_back(aboutObject(
        Kind::Unmarked, O, "object touches TLS and has no segshift note"));
  return Report;
}

void auditInput(const Input &In, const Options &O, AllowList &Allow,
                Report &R) {
  for (const Member &M : In.Members) {
    if (M.What == Member::Content::Other) {
      R.Warnings.push_back(M.Problem);
      ++R.NotRead;
      continue;
    }
    Expected<FileReport> File =
        M.isELF() ? auditFile(M.buffer(), M.Name, O, Allow)
                  : Expected<FileReport>(createStringError(M.Problem));
    if (!File) {
      R.Errors.push_back(toString(File.takeError()));
      ++R.NotRead;
      continue;
    }
    R.Files.push_back(std::move(*File));
  }
}

} // namespace segshift::audit
