//===- Plan.cpp - finds and classifies the FS uses of one file -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Plan.h"
#include "CallSequence.h"
#include "ThreadOffset.h"
#include "disasm/CodeReader.h"
#include "disasm/FSMarks.h"
#include "segshift/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace segshift {

StringRef kindName(SiteKind K) {
  switch (K) {
  case SiteKind::LocalExec:
    return "local-exec";
  case SiteKind::ThreadPointer:
    return "thread-pointer";
  case SiteKind::InitialExec:
    return "initial-exec";
  case SiteKind::Descriptor:
    return "tls-descriptor";
  case SiteKind::Canary:
    return "canary";
  case SiteKind::PointerGuard:
    return "pointer-guard";
  case SiteKind::SplitStack:
    return "split-stack";
  case SiteKind::TcbField:
    return "tcb-field";
  case SiteKind::GeneralDynamic:
    return "general-dynamic";
  case SiteKind::LocalDynamic:
    return "local-dynamic";
  case SiteKind::DtpOffset:
    return "dtp-offset";
  case SiteKind::OnPurpose:
    return "on-purpose";
  case SiteKind::NotCode:
    return "not-code";
  case SiteKind::Unknown:
    return "unknown";
  }
  return "unknown";
}

StringRef actionName(Action A) {
  switch (A) {
  case Action::Move:
    return "move";
  case Action::Convert:
    return "convert";
  case Action::Keep:
    return "keep";
  case Action::Refuse:
    return "refuse";
  }
  return "refuse";
}

bool Plan::refuses() const {
  return any_of(Sites, [](const Site &S) { return S.Act == Action::Refuse; });
}

bool RewriteConfig::movesTcbOffset(int64_t Offset) const {
  return any_of(TcbOffsets, [&](const std::pair<int64_t, int64_t> &Range) {
    return Offset >= Range.first && Offset <= Range.second;
  });
}

namespace {

class Planner {
public:
  Planner(const ElfObject &Obj, const RewriteConfig &Config, FSMarks Marks)
      : Obj(Obj), Config(Config), Marks(std::move(Marks)),
        Reader(Obj, Decoder::forThread()), Effects(Reader),
        Dec(Reader.decoder()) {}

  Plan run();

private:
  void planRange(const CodeRange &Range);
  void planUnread(const CodeRange &Range, const CodeEntry &E);
  Site classify(const CodeRange &Range, const CodeEntry &E, const Insn &I);
  void classifyFixed(Site &S, const Insn &I);
  /// Decides what needs to know the value of a register. \returns false when
  /// it is not known to be a TLS offset.
  bool classifyByValue(Site &S, const ThreadOffsets &Values);
  void resolvePending(const CodeRange &Range, ArrayRef<CodeEntry> Entries);
  void move(Site &S, SiteKind Kind, const Twine &Why);
  void emit(Site S, const Insn &I);
  bool isKept(const Site &S, std::string &Why) const;
  bool matchesFunction(const Site &S, ArrayRef<Regex> List) const;
  bool isContested(unsigned Region, ArrayRef<CodeEntry> Entries, size_t Index,
                   const Insn &I) const;
  bool isDisplacement(const Insn &I, uint64_t Offset) const;
  bool hasWideDisplacement(const Insn &I) const;
  void collectJumps();
  const HiddenFlow &hiddenFlow() {
    if (!Hidden)
      Hidden = HiddenFlow{readCallSites(Obj), readPatchSites(Obj)};
    return *Hidden;
  }

  const ElfObject &Obj;
  const RewriteConfig &Config;
  FSMarks Marks;
  CodeReader Reader;
  CallEffects Effects;
  const Decoder &Dec;
  Plan Result;
  std::vector<Site> Pending; // of the range at hand

  /// Direct jumps from one range into another: (region, target) of each, and
  /// the range it comes from. Made when first needed.
  struct CrossJump {
    unsigned Region;
    uint64_t Target;
    CodeRange From;
  };
  std::optional<std::vector<CrossJump>> CrossJumps;
  std::optional<HiddenFlow> Hidden; // made when first needed
};

} // namespace

void Planner::move(Site &S, SiteKind Kind, const Twine &Why) {
  S.Kind = Kind;
  S.Act = Action::Move;
  S.Why = Why.str();
}

/// True when the four bytes at \p Offset are the displacement of the memory
/// operand (and not, say, an immediate).
bool Planner::isDisplacement(const Insn &I, uint64_t Offset) const {
  constexpr uint32_t Probe = 0x12345678;
  if (Offset + 4 > I.Bytes.size())
    return false;
  SmallVector<uint8_t, 16> Bytes(I.Bytes);
  support::endian::write32le(Bytes.data() + Offset, Probe);
  Insn Probed;
  return Dec.decode(Bytes, I.Address, Probed) && Probed.Mem &&
         Probed.Mem->Disp == Probe && Probed.Bytes.size() == I.Bytes.size();
}

bool Planner::hasWideDisplacement(const Insn &I) const {
  for (uint64_t Offset = I.NumPrefixes + 2; Offset + 4 <= I.Bytes.size();
       ++Offset)
    if (isDisplacement(I, Offset))
      return true;
  return false;
}

/// True when a symbol around the site, mangled or not, matches one of \p List.
bool Planner::matchesFunction(const Site &S, ArrayRef<Regex> List) const {
  if (List.empty())
    return false;
  const Symbol *Sym = Obj.enclosing(S.Region, S.Address);
  if (!Sym || Sym->Name.empty())
    return false;
  std::string Demangled = demangle(Sym->Name);
  return any_of(List, [&](const Regex &R) {
    return R.match(Sym->Name) || R.match(Demangled);
  });
}

bool Planner::isKept(const Site &S, std::string &Why) const {
  if (is_contained(Config.KeepSections, Obj.regions()[S.Region].Name))
    Why = "--keep-section";
  else if (matchesFunction(S, Config.KeepFS))
    Why = "--keep-fs";
  return !Why.empty();
}

/// `%fs:disp` without base and index.
void Planner::classifyFixed(Site &S, const Insn &I) {
  // The fields of the contract hold eight bytes each and are used whole.
  bool Whole = Dec.opcodeName(I).contains("64");
  int64_t Offset = I.Mem->Disp;
  std::string Hex = (Offset < 0 ? "-0x" : "0x") +
                    utohexstr(Offset < 0 ? 0 - uint64_t(Offset) : Offset, true);
  if (Offset < 0) {
    uint64_t Block = Obj.tls() ? Obj.tls()->blockSize() : 0;
    if (!Obj.isRelocatable() && 0 - uint64_t(Offset) <= Block)
      return move(S, SiteKind::LocalExec,
                  "offset " + Hex + " lies in the TLS block");
    S.Why =
        "offset " + Hex +
        (Obj.isRelocatable()
             ? " from the thread pointer without a TPOFF32 relocation [SEG201]"
             : " is not in the image's TLS block of " + utostr(Block) +
                   " bytes [SEG201]");
    return;
  }
  if (Whole)
    switch (Offset) {
    case SEGSHIFT_TCB_SELF:
      return move(S, SiteKind::ThreadPointer, "%fs:0 holds the thread pointer");
    case SEGSHIFT_TCB_CANARY:
      return move(S, SiteKind::Canary, "%fs:0x28 is the stack protector's");
    case SEGSHIFT_TCB_PTR_GUARD:
      return move(S, SiteKind::PointerGuard, "%fs:0x30 is the pointer guard");
    case SEGSHIFT_TCB_SPLIT_STACK:
      return move(S, SiteKind::SplitStack, "%fs:0x70 is the stack limit");
    }
  // (unsigned)&x and the like read a part of the thread pointer.
  if (Offset < 8 && !Whole && !Dec.desc(I).mayStore())
    return move(S, SiteKind::ThreadPointer,
                "a part of %fs:0, which holds the thread pointer");
  if (Config.movesTcbOffset(Offset))
    return move(S, SiteKind::TcbField, "offset " + Hex + ", --tcb-offsets");
  S.Why = "offset " + Hex +
          " from the thread pointer is a C library's own; if "
          "that library moves to GS as a whole, use --tcb-offsets=" +
          Hex + " [SEG202]";
}

bool Planner::classifyByValue(Site &S, const ThreadOffsets &Values) {
  Insn I = Reader.decode(S.Region, {S.Address, uint8_t(S.Length)});
  auto [Base, Index] = Values.operands(S.Region, S.Address);
  ValueKind V = isThreadOffset(Base) && Index != ValueKind::ThreadPointer ? Base
                : isThreadOffset(Index) && I.Mem->Scale == 1 &&
                        Base != ValueKind::ThreadPointer
                    ? Index
                    : ValueKind::Unknown;
  if (Base == ValueKind::CanaryOffset && !I.Mem->Index && !I.Mem->Disp &&
      Dec.opcodeName(I).contains("64")) {
    move(S, SiteKind::Canary, "register from the constant 0x28");
    return true;
  }
  switch (V) {
  case ValueKind::LocalExec:
    move(S, SiteKind::LocalExec, "register from an x@tpoff constant");
    return true;
  case ValueKind::InitialExec:
    move(S, SiteKind::InitialExec, "register from a GOTTPOFF slot");
    return true;
  case ValueKind::Descriptor:
    move(S, SiteKind::Descriptor, "register from a TLS descriptor");
    return true;
  default:
    return false;
  }
}

Site Planner::classify(const CodeRange &Range, const CodeEntry &E,
                       const Insn &I) {
  Site S;
  S.Region = Range.Region;
  S.Address = I.Address;
  S.Length = I.Bytes.size();
  if (E.How == Standing::Data) {
    S.Kind = SiteKind::NotCode;
    S.Act = Action::Keep;
    S.Why = "a jump table or literal";
    return S;
  }
  std::string Kept;
  if (Marks.find(Range.Region, I.Address))
    Kept = "marked by the compiler plugin";
  if (!Kept.empty() || isKept(S, Kept)) {
    S.Kind = SiteKind::OnPurpose;
    S.Act = Action::Keep;
    S.Why = Kept;
    return S;
  }
  if (E.How == Standing::Unsure) {
    S.Why = "these bytes may be data: no known function entry leads to them, "
            "and they can be read as code; give the function a symbol of type "
            "function, or the data one of type object, or keep the bytes with "
            "--keep-fs=FUNCTION [SEG203]";
    return S;
  }
  if (!I.SameOverrides) {
    S.Why = "more than one segment prefix [SEG204]";
    return S;
  }
  if (!I.Mem) {
    S.Why = "an implicit memory operand through FS [SEG205]";
    return S;
  }
  if (const Relocation *R =
          findRelocation(Obj, S.Region, I, {ELF::R_X86_64_TPOFF32});
      R && isDisplacement(I, R->Address - I.Address)) {
    move(S, SiteKind::LocalExec,
         "TPOFF32 relocation: " + Obj.symbolName(R->Symbol));
    return S;
  }
  for (const Relocation &R : Obj.relocations(S.Region, I.Address, I.end())) {
    // x@dtpoff on top of a TLS descriptor's result: the value decides.
    bool IsDtp = R.Type == ELF::R_X86_64_DTPOFF32 && I.Mem->Base;
    if (!IsDtp && isDisplacement(I, R.Address - I.Address)) {
      S.Why = ("the address has a relocation of type " +
               object::getELFRelocationTypeName(ELF::EM_X86_64, R.Type) +
               " against " + Obj.symbolName(R.Symbol) + " [SEG206]")
                  .str();
      return S;
    }
  }
  StringRef Base = Dec.registerName(I.Mem->Base);
  if (!I.Mem->Base && !I.Mem->Index) {
    classifyFixed(S, I);
    return S;
  }
  if (Base == "RIP" || Base == "EIP") {
    S.Why = "the address is relative to %rip [SEG207]";
    return S;
  }
  if (matchesFunction(S, Config.MoveFS)) {
    move(S, SiteKind::InitialExec, "--move-fs");
    return S;
  }
  if (!I.Mem->Base && I.Mem->Disp >= 0 && Config.movesTcbOffset(I.Mem->Disp)) {
    move(S, SiteKind::TcbField,
         "array at offset 0x" + utohexstr(I.Mem->Disp, true) +
             ", --tcb-offsets");
    return S;
  }
  // `%fs:x@tpoff(...)` in a linked image: linkers fill four bytes.
  if (!Obj.isRelocatable() && Obj.tls() && I.Mem->Disp < 0 &&
      0 - uint64_t(I.Mem->Disp) <= Obj.tls()->blockSize() &&
      hasWideDisplacement(I)) {
    move(S, SiteKind::LocalExec, "the displacement lies in the TLS block");
    return S;
  }
  S.Why = "no path shows that the address is an offset into the TLS block; if "
          "FS is meant, keep it with --keep-fs=FUNCTION; if it is TLS all the "
          "same, move it with --move-fs=FUNCTION [SEG208]";
  Pending.push_back(S);
  S.Length = 0; // in Pending
  return S;
}

void Planner::emit(Site S, const Insn &I) {
  if (S.Act == Action::Move) {
    const Region &Reg = Obj.regions()[S.Region];
    for (unsigned Index = 0; Index < I.NumPrefixes; ++Index)
      if (I.Bytes[Index] == FSPrefix)
        Result.Edits.push_back(
            {Reg.FileOffset + (S.Address - Reg.Address) + Index, {GSPrefix}});
  }
  Result.Sites.push_back(std::move(S));
}

void Planner::collectJumps() {
  if (CrossJumps)
    return;
  CrossJumps.emplace();
  for (unsigned R = 0; R < Obj.regions().size(); ++R)
    for (const CodeRange &Range : Reader.ranges(R))
      for (const CodeEntry &E : Reader.read(Range)) {
        if (E.How != Standing::Code)
          continue;
        Insn I = Reader.decode(R, E);
        if (I.ControlFlow != Flow::Jump && I.ControlFlow != Flow::Branch)
          continue;
        auto T = Reader.resolve(I, R, I.Target, true);
        if (T && (T->first != R || T->second < Range.Begin ||
                  T->second >= Range.End))
          CrossJumps->push_back({T->first, T->second, Range});
      }
}

/// Classifies the sites of a range that depend on a register's value. What the
/// function alone does not show, those that jump into it may: the cold part of
/// a function works with the registers of the hot one.
void Planner::resolvePending(const CodeRange &Range,
                             ArrayRef<CodeEntry> Entries) {
  std::vector<Site> Left;
  {
    ThreadOffsets Values(Reader, Effects, hiddenFlow());
    Values.add(Range, Entries);
    Values.solve();
    for (Site &S : Pending) {
      if (!classifyByValue(S, Values)) {
        Left.push_back(S);
        continue;
      }
      emit(S, Reader.decode(S.Region, {S.Address, uint8_t(S.Length)}));
    }
  }
  Pending.clear();
  if (Left.empty())
    return;

  collectJumps();
  constexpr size_t MaxRanges = 16;
  std::vector<CodeRange> Group = {Range};
  for (size_t At = 0; At < Group.size(); ++At)
    for (const CrossJump &J : *CrossJumps) {
      if (J.Region != Group[At].Region || J.Target < Group[At].Begin ||
          J.Target >= Group[At].End)
        continue;
      if (none_of(Group, [&](const CodeRange &R) {
            return R.Region == J.From.Region && R.Begin == J.From.Begin;
          }))
        Group.push_back(J.From);
      if (Group.size() > MaxRanges)
        break;
    }
  std::optional<ThreadOffsets> Values;
  if (Group.size() > 1 && Group.size() <= MaxRanges) {
    Values.emplace(Reader, Effects, hiddenFlow());
    for (const CodeRange &R : Group)
      Values->add(R, Reader.read(R));
    Values->solve();
  }
  for (Site &S : Left) {
    if (Values)
      classifyByValue(S, *Values);
    emit(S, Reader.decode(S.Region, {S.Address, uint8_t(S.Length)}));
  }
}

/// True when another instruction overlaps the prefix of \p I, and it is no
/// prefix of that one: jumps lead to both, and a change would spoil one.
bool Planner::isContested(unsigned Region, ArrayRef<CodeEntry> Entries,
                          size_t Index, const Insn &I) const {
  constexpr uint64_t MaxLength = 15;
  uint64_t At = I.Address + I.OverrideIndex;
  auto Contests = [&](const CodeEntry &E) {
    if (E.How != Standing::Code || E.Address > At || At - E.Address >= E.Length)
      return false;
    Insn Other = Reader.decode(Region, E);
    return !Other.reaches(SegReg::FS) ||
           Other.Address + Other.OverrideIndex != At;
  };
  for (size_t Back = Index; Back > 0; --Back) {
    if (I.Address - Entries[Back - 1].Address > MaxLength)
      break;
    if (Contests(Entries[Back - 1]))
      return true;
  }
  for (size_t Next = Index + 1;
       Next < Entries.size() && Entries[Next].Address <= At; ++Next)
    if (Contests(Entries[Next]))
      return true;
  return false;
}

/// Bytes that may be code, and are not an instruction that is known.
void Planner::planUnread(const CodeRange &Range, const CodeEntry &E) {
  Site S;
  S.Region = Range.Region;
  S.Address = E.Address;
  S.Length = E.Length;
  S.Why = "a byte of an FS prefix among bytes that do not decode: an "
          "instruction that this version does not know, or data; give data a "
          "symbol of type object, or keep the bytes with --keep-fs=FUNCTION "
          "[SEG217]";
  std::string Kept;
  if (isKept(S, Kept)) {
    S.Kind = SiteKind::OnPurpose;
    S.Act = Action::Keep;
    S.Why = Kept;
  }
  emit(std::move(S), Insn());
}

void Planner::planRange(const CodeRange &Range) {
  ArrayRef<uint8_t> Bytes = Reader.bytes(Range);
  if (findOverride(Bytes, 0) == Bytes.size())
    return;
  std::vector<CodeEntry> Entries = Reader.read(Range);
  for (size_t Index = 0; Index < Entries.size(); ++Index) {
    const CodeEntry &E = Entries[Index];
    // Most instructions need no decoding: the override is in the first bytes.
    ArrayRef<uint8_t> Head =
        Bytes.slice(E.Address - Range.Begin, E.Length).take_front(14);
    if (!is_contained(Head, FSPrefix))
      continue;
    if (E.How == Standing::Unread) {
      planUnread(Range, E);
      continue;
    }
    Insn I = Reader.decode(Range.Region, E);
    if (!is_contained(I.Bytes.take_front(I.NumPrefixes), FSPrefix) ||
        !(I.OverrideMatters || (!I.SameOverrides && I.Mem)))
      continue;
    if (E.How == Standing::Code &&
        isContested(Range.Region, Entries, Index, I)) {
      Site S;
      S.Region = Range.Region;
      S.Address = I.Address;
      S.Length = I.Bytes.size();
      S.Why = "jumps lead to two instructions that overlap here [SEG209]";
      emit(std::move(S), I);
      continue;
    }
    Site S = classify(Range, E, I);
    if (S.Length)
      emit(std::move(S), I);
  }
  if (!Pending.empty())
    resolvePending(Range, Entries);
}

Plan Planner::run() {
  for (unsigned R = 0; R < Obj.regions().size(); ++R) {
    for (const CodeRange &Range : Reader.ranges(R))
      planRange(Range);
    if (!Obj.isRelocatable())
      continue;
    const CodeRange *Read = nullptr;
    std::vector<CodeEntry> Entries; // of that one
    auto IsWithin = [&](uint64_t Address) {
      const CodeRange *Range = Reader.rangeAt(R, Address);
      if (!Range)
        return false;
      if (Read != Range) {
        Read = Range;
        Entries = Reader.read(*Range);
      }
      auto E = partition_point(Entries, [&](const CodeEntry &C) {
        return C.Address + C.Length <= Address;
      });
      return E != Entries.end() && E->Address < Address &&
             E->How == Standing::Code;
    };
    planCallSequences(
        Obj, R, Config,
        [&](const Site &S, std::string &Why) { return isKept(S, Why); },
        IsWithin, Result);
  }
  sort(Result.Sites, [](const Site &A, const Site &B) {
    return std::tuple(A.Region, A.Address, A.Kind) <
           std::tuple(B.Region, B.Address, B.Kind);
  });
  sort(Result.Edits,
       [](const Edit &A, const Edit &B) { return A.Offset < B.Offset; });
  // Code that jumps behind a lock prefix reaches one FS use by two ways.
  Result.Edits.erase(unique(Result.Edits,
                            [](const Edit &A, const Edit &B) {
                              return A.Offset == B.Offset && A.Bytes == B.Bytes;
                            }),
                     Result.Edits.end());
  return std::move(Result);
}

/// Two regions on the same bytes would be changed together, but not by the same
/// reasons.
static Error checkRegions(const ElfObject &Obj) {
  SmallVector<const Region *, 8> ByOffset;
  for (const Region &R : Obj.regions())
    ByOffset.push_back(&R);
  sort(ByOffset, [](const Region *A, const Region *B) {
    return A->FileOffset < B->FileOffset;
  });
  for (size_t I = 1; I < ByOffset.size(); ++I)
    if (ByOffset[I]->FileOffset - ByOffset[I - 1]->FileOffset <
        ByOffset[I - 1]->Bytes.size())
      return createStringError(Obj.buffer().getBufferIdentifier() + ": " +
                               ByOffset[I - 1]->Name + " and " +
                               ByOffset[I]->Name +
                               " are executable and share bytes of the file");
  return Error::success();
}

Expected<Plan> makePlan(const ElfObject &Obj, const RewriteConfig &Config) {
  if (Error E = checkRegions(Obj))
    return std::move(E);
  Expected<FSMarks> MarksOrErr = FSMarks::read(Obj);
  if (!MarksOrErr)
    return MarksOrErr.takeError();
  Plan P = Planner(Obj, Config, std::move(*MarksOrErr)).run();
  // Overlapping edits mean overlapping relocations or instructions.
  for (size_t I = 1; I < P.Edits.size(); ++I)
    if (P.Edits[I - 1].Offset + P.Edits[I - 1].Bytes.size() > P.Edits[I].Offset)
      return createStringError(Obj.buffer().getBufferIdentifier() +
                               ": two changes overlap at file offset " +
                               Twine(P.Edits[I].Offset) +
                               "; the file's relocations or sections overlap");
  return P;
}

} // namespace segshift
