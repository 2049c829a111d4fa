//===- ThreadOffset.cpp - registers that hold a TLS offset ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ThreadOffset.h"
#include "segshift/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/BinaryFormat/ELF.h"
#include <deque>

using namespace llvm;

namespace segshift {

/// Numbers of the 64-bit general-purpose registers as the CPU has them.
enum : unsigned { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

const Relocation *findRelocation(const ElfObject &Obj, unsigned Region,
                                 const Insn &I,
                                 std::initializer_list<uint32_t> Types) {
  for (const Relocation &R : Obj.relocations(Region, I.Address, I.end()))
    if (llvm::is_contained(Types, R.Type))
      return &R;
  return nullptr;
}

void ThreadOffsets::add(const CodeRange &Range, ArrayRef<CodeEntry> Entries) {
  ArrayRef<Symbol> Symbols = Reader.object().symbols(Range.Region);
  for (const CodeEntry &E : Entries) {
    if (E.How != Standing::Code)
      continue;
    auto *S =
        llvm::lower_bound(Symbols, E.Address, [](const Symbol &S, uint64_t A) {
          return S.Address < A;
        });
    // A label of hand-written assembly may be jumped to from anywhere. The
    // cold part of a function has a function symbol but is entered by jumps
    // from the hot part, with its registers.
    bool IsEntry = false;
    for (; S != Symbols.end() && S->Address == E.Address; ++S)
      IsEntry |= S->isFunction() && !S->Name.contains(".cold");
    Places.push_back({Range.Region, E, IsEntry});
  }
}

unsigned ThreadOffsets::number(MCRegister R) const {
  return registerNumber(Reader.decoder(), R);
}

ValueKind ThreadOffsets::get(const State &S, MCRegister R) const {
  unsigned N = number(R);
  return N == NoReg ? ValueKind::Unknown : S.Regs[N];
}

void ThreadOffsets::set(State &S, MCRegister R, ValueKind V) const {
  unsigned N = number(R);
  if (N == NoReg)
    return;
  S.Regs[N] = V;
  if (N == RSP || N == RBP) // slots move with their base
    std::erase_if(S.Slots,
                  [&](const auto &Item) { return Item.first.first == N; });
}

static ValueKind meetValues(ValueKind A, ValueKind B) {
  if (A == B || B == ValueKind::Top)
    return A;
  if (A == ValueKind::Top)
    return B;
  if (isThreadOffset(A) && isThreadOffset(B))
    return ValueKind::InitialExec;
  return ValueKind::Unknown;
}

/// The kind of A + B.
static ValueKind sum(ValueKind A, ValueKind B) {
  auto IsPointer = [](ValueKind V) {
    return isThreadOffset(V) || V == ValueKind::ThreadPointer;
  };
  if (isThreadOffset(A) && !IsPointer(B))
    return A;
  if (isThreadOffset(B) && !IsPointer(A))
    return B;
  return ValueKind::Unknown;
}

bool ThreadOffsets::meet(State &Into, const State &From) {
  if (!Into.Reached) {
    Into = From;
    Into.Reached = true;
    return true;
  }
  bool Changed = false;
  for (unsigned R = 0; R < NumRegs; ++R) {
    ValueKind V = meetValues(Into.Regs[R], From.Regs[R]);
    Changed |= V != Into.Regs[R];
    Into.Regs[R] = V;
  }
  for (auto It = Into.Slots.begin(); It != Into.Slots.end();) {
    auto Other = From.Slots.find(It->first);
    ValueKind V = Other == From.Slots.end()
                      ? ValueKind::Unknown
                      : meetValues(It->second, Other->second);
    Changed |= V != It->second;
    It->second = V;
    It = V == ValueKind::Unknown ? Into.Slots.erase(It) : std::next(It);
  }
  return Changed;
}

/// A constant that is an offset into the TLS block: an x@tpoff relocation, or
/// in a linked image a number that lies in the block.
ValueKind ThreadOffsets::constant(const Insn &I, unsigned Region,
                                  int64_t Value) const {
  const ElfObject &Obj = Reader.object();
  if (Obj.isRelocatable())
    return findRelocation(Obj, Region, I,
                          {ELF::R_X86_64_TPOFF32, ELF::R_X86_64_TPOFF64})
               ? ValueKind::LocalExec
               : ValueKind::Unknown;
  if (Obj.tls() && Value < 0 && 0 - uint64_t(Value) <= Obj.tls()->blockSize())
    return ValueKind::LocalExec;
  return ValueKind::Unknown;
}

std::optional<ThreadOffsets::Slot> ThreadOffsets::slot(const Insn &I) const {
  if (!I.Mem || I.Mem->Index || I.Mem->Segment != SegReg::None)
    return std::nullopt;
  unsigned Base = number(I.Mem->Base);
  if (Base != RSP && Base != RBP)
    return std::nullopt;
  return Slot(Base, I.Mem->Disp);
}

/// What the memory operand of an 8-byte load holds.
ValueKind ThreadOffsets::loaded(const Insn &I, unsigned Region,
                                const State &S) const {
  const ElfObject &Obj = Reader.object();
  if (I.Mem->Segment == SegReg::FS || I.Mem->Segment == SegReg::GS)
    return !I.Mem->Base && !I.Mem->Index && I.Mem->Disp == 0
               ? ValueKind::ThreadPointer
               : ValueKind::Unknown;
  if (auto Where = slot(I)) {
    auto It = S.Slots.find(*Where);
    return It == S.Slots.end() ? ValueKind::Unknown : It->second;
  }
  if (Obj.isRelocatable())
    return findRelocation(Obj, Region, I,
                          {ELF::R_X86_64_GOTTPOFF,
                           ELF::R_X86_64_CODE_4_GOTTPOFF,
                           ELF::R_X86_64_CODE_6_GOTTPOFF})
               ? ValueKind::InitialExec
               : ValueKind::Unknown;
  if (Reader.decoder().registerName(I.Mem->Base) != "RIP" || I.Mem->Index)
    return ValueKind::Unknown;
  // A slot of the GOT: filled at run time, or by the linker.
  uint64_t Address = I.end() + I.Mem->Disp;
  if (const ELFT::Rela *R = Obj.dynamicRelocation(Address))
    return R->getType(false) == ELF::R_X86_64_TPOFF64 ? ValueKind::InitialExec
                                                      : ValueKind::Unknown;
  if (std::optional<uint64_t> Value = Obj.read64(Address))
    if (constant(I, Region, *Value) != ValueKind::Unknown)
      return ValueKind::InitialExec;
  return ValueKind::Unknown;
}

/// The stack pointer moved by a known amount: so do the slots relative to it.
void ThreadOffsets::moveStack(State &S, int64_t By) const {
  std::map<Slot, ValueKind> Moved;
  for (const auto &[Where, V] : S.Slots)
    if (Where.first == RSP) {
      if (Where.second - By >= 0) // below the stack pointer nothing is kept
        Moved[{RSP, Where.second - By}] = V;
    } else {
      Moved[Where] = V;
    }
  S.Slots = std::move(Moved);
}

void ThreadOffsets::call(const Insn &I, unsigned Region, State &S) const {
  const ElfObject &Obj = Reader.object();
  // A TLS descriptor's function changes no register but %rax.
  if (findRelocation(Obj, Region, I, {ELF::R_X86_64_TLSDESC_CALL}) ||
      (I.Mem && get(S, I.Mem->Base) == ValueKind::DescriptorPtr)) {
    S.Regs[RAX] = ValueKind::Descriptor;
    return;
  }
  constexpr unsigned CallerSaved[] = {RAX, RCX, RDX, RSI, RDI,
                                      R8,  R9,  R10, R11};
  // Only a compiler that has read the function leaves an offset there.
  uint16_t Changed = ~0;
  if (I.ControlFlow == Flow::Call && any_of(CallerSaved, [&](unsigned R) {
        return isThreadOffset(S.Regs[R]);
      }))
    if (auto To = Reader.resolve(I, Region, I.Target, true))
      Changed = Effects.changed(To->first, To->second);
  for (unsigned R : CallerSaved) {
    if (isThreadOffset(S.Regs[R]) && !(Changed >> R & 1))
      continue;
    // The result; or lost, and nobody reads it before writing it.
    S.Regs[R] = R == RAX || R == RDX ? ValueKind::Unknown : ValueKind::Top;
  }
}

/// Compilers put unrelated code behind a call that never returns.
bool ThreadOffsets::neverReturns(const Insn &I, unsigned Region) const {
  const ElfObject &Obj = Reader.object();
  StringRef Name;
  for (const Relocation &R : Obj.relocations(Region, I.Address, I.end()))
    Name = Obj.symbolName(R.Symbol);
  if (Name.empty() && I.ControlFlow == Flow::Call)
    for (unsigned R = 0; R < Obj.regions().size() && Name.empty(); ++R)
      if (Obj.regions()[R].contains(I.Target))
        if (const Symbol *Sym = Obj.enclosing(R, I.Target);
            Sym && Sym->Address == I.Target)
          Name = Sym->Name;
  return StringSwitch<bool>(Name)
             .Cases({"abort", "exit", "_exit", "_Exit"}, true)
             .Cases({"__stack_chk_fail", "__stack_chk_fail_local"}, true)
             .Cases({"__assert_fail", "__GI___assert_fail"}, true)
             .Cases({"__fortify_fail", "__libc_fatal", "__chk_fail"}, true)
             .Cases({"_Unwind_Resume", "__cxa_throw", "__cxa_rethrow"}, true)
             .Cases({"__cxa_bad_cast", "__cxa_throw_bad_array_new_length"},
                    true)
             .Cases({"__clang_call_terminate", "_ZSt9terminatev"}, true)
             .Cases({"longjmp", "__longjmp", "panic"}, true)
             .Default(false) ||
         (Name.starts_with("_ZSt") && Name.contains("__throw_"));
}

/// Bytes that an instruction stores at most, from LLVM's opcode name:
/// "ADD32mi8" stores 4. 64 when the name does not say.
static int64_t storeSize(StringRef Op) {
  for (StringRef Name : {"MOV", "ADD", "SUB", "AND", "OR", "XOR", "INC", "DEC",
                         "NEG", "NOT", "SHL", "SHR", "SAR"}) {
    StringRef Rest = Op;
    unsigned Bits;
    if (Rest.consume_front(Name) && !Rest.consumeInteger(10, Bits) &&
        Rest.starts_with("m") && Bits <= 64)
      return Bits / 8;
  }
  if (Op.starts_with("SETCC"))
    return 1;
  for (StringRef Name : {"MOVUP", "MOVAP", "MOVDQ", "MOVHP", "MOVLP"})
    if (Op.starts_with(Name))
      return 16;
  return 64;
}

void ThreadOffsets::step(const Insn &I, unsigned Region, State &S) const {
  const Decoder &Dec = Reader.decoder();
  StringRef Op = Dec.opcodeName(I);
  auto Reg = [&](unsigned Index) {
    const MCOperand &O = I.Inst.getOperand(Index);
    return O.isReg() ? O.getReg() : MCRegister();
  };
  auto Imm = [&](unsigned Index) {
    const MCOperand &O = I.Inst.getOperand(Index);
    return O.isImm() ? O.getImm() : 0;
  };
  auto StartsWithAny = [&](std::initializer_list<StringRef> Names) {
    return llvm::any_of(Names, [&](StringRef N) { return Op.starts_with(N); });
  };
  // Linkers write x@tpoff with four bytes, also where one would do.
  auto LinkerConstant = [&](int64_t Value) {
    if (Reader.object().isRelocatable())
      return constant(I, Region, Value);
    return I.Bytes.size() >= 7 ? constant(I, Region, Value)
                               : ValueKind::Unknown;
  };

  if (I.ControlFlow == Flow::Call || I.ControlFlow == Flow::IndirectCall)
    return call(I, Region, S);
  if (Op == "MOV64rm")
    return set(S, Reg(0), loaded(I, Region, S));
  if (Op == "MOV64rr" || Op == "MOV64rr_REV")
    return set(S, Reg(0), get(S, Reg(1)));
  if (Op == "MOV64ri32" || Op == "MOV64ri")
    return set(S, Reg(0), constant(I, Region, Imm(1)));
  if (Op == "MOV32ri")
    return set(
        S, Reg(0),
        Imm(1) == SEGSHIFT_TCB_CANARY &&
                Reader.object().relocations(Region, I.Address, I.end()).empty()
            ? ValueKind::CanaryOffset
            : ValueKind::Unknown);
  if (Op == "ADD64rm")
    return set(S, Reg(0), sum(get(S, Reg(0)), loaded(I, Region, S)));
  if (Op == "ADD64rr" || Op == "ADD64rr_REV")
    return set(S, Reg(0), sum(get(S, Reg(0)), get(S, Reg(2))));
  if (Op == "SUB64rr" || Op == "SUB64rr_REV")
    return set(S, Reg(0),
               isThreadOffset(get(S, Reg(0))) && !isThreadOffset(get(S, Reg(2)))
                   ? get(S, Reg(0))
                   : ValueKind::Unknown);
  if (StartsWithAny({"ADD64ri", "SUB64ri", "ADD64i32", "SUB64i32"})) {
    bool ToRAX = Op.ends_with("64i32"); // short form: the register is implicit
    MCRegister R = ToRAX ? Dec.registerNamed("RAX") : Reg(0);
    int64_t Value = Imm(ToRAX ? 0 : 2);
    bool IsSub = Op.starts_with("SUB");
    if (number(R) == RSP)
      return moveStack(S, IsSub ? -Value : Value);
    ValueKind V = get(S, R);
    if (!IsSub && !isThreadOffset(V))
      V = sum(V, LinkerConstant(Value));
    return set(S, R, isThreadOffset(V) ? V : ValueKind::Unknown);
  }
  if (StartsWithAny({"INC64r", "DEC64r"})) {
    ValueKind V = get(S, Reg(0));
    return set(S, Reg(0), isThreadOffset(V) ? V : ValueKind::Unknown);
  }
  if (Op.starts_with("CMOV64rr"))
    return set(S, Reg(0), meetValues(get(S, Reg(0)), get(S, Reg(2))));
  if (Op == "LEA64r" && I.Mem) {
    const ElfObject &Obj = Reader.object();
    bool RipRelative = Dec.registerName(I.Mem->Base) == "RIP";
    if (RipRelative) {
      const ELFT::Rela *R = Obj.dynamicRelocation(I.end() + I.Mem->Disp);
      bool IsDescriptor =
          findRelocation(Obj, Region, I,
                         {ELF::R_X86_64_GOTPC32_TLSDESC,
                          ELF::R_X86_64_CODE_4_GOTPC32_TLSDESC}) ||
          (R && R->getType(false) == ELF::R_X86_64_TLSDESC);
      return set(S, Reg(0),
                 IsDescriptor ? ValueKind::DescriptorPtr : ValueKind::Unknown);
    }
    ValueKind Base = I.Mem->Base ? get(S, I.Mem->Base) : ValueKind::Unknown;
    ValueKind Index = I.Mem->Index && I.Mem->Scale == 1 ? get(S, I.Mem->Index)
                                                        : ValueKind::Unknown;
    ValueKind V = sum(Base, Index);
    if (!isThreadOffset(V) && Base != ValueKind::ThreadPointer &&
        Index != ValueKind::ThreadPointer)
      V = LinkerConstant(I.Mem->Disp);
    if (number(Reg(0)) == RSP && number(I.Mem->Base) == RSP && !I.Mem->Index)
      return moveStack(S, I.Mem->Disp);
    return set(S, Reg(0), V);
  }
  if (Op == "MOV64mr")
    if (auto Where = slot(I)) {
      std::erase_if(S.Slots, [&](const auto &Item) {
        return Item.first.first == Where->first &&
               std::abs(Item.first.second - Where->second) < 8;
      });
      ValueKind V = get(S, Reg(5));
      if (V != ValueKind::Unknown && V != ValueKind::Top)
        S.Slots[*Where] = V;
      return;
    }
  if (Op == "PUSH64r") {
    moveStack(S, -8);
    ValueKind V = get(S, Reg(0));
    if (isThreadOffset(V))
      S.Slots[{RSP, 0}] = V;
    return;
  }
  if (Op == "POP64r") {
    auto It = S.Slots.find({RSP, 0});
    ValueKind V = It == S.Slots.end() ? ValueKind::Unknown : It->second;
    moveStack(S, 8);
    return set(S, Reg(0), V);
  }
  if (StartsWithAny({"PUSH64", "PUSHF64"}))
    return moveStack(S, -8);
  // Another store into the stack frame replaces what it overlaps.
  if (auto Where = slot(I); Where && Dec.desc(I).mayStore()) {
    int64_t Size = storeSize(Op);
    std::erase_if(S.Slots, [&](const auto &Item) {
      int64_t Distance = Item.first.second - Where->second;
      return Item.first.first == Where->first && Distance > -8 &&
             Distance < Size;
    });
  }
  Dec.forEachDef(I, [&](MCRegister R) { set(S, R, ValueKind::Unknown); });
}

ThreadOffsets::State ThreadOffsets::run(size_t First, size_t End,
                                        State S) const {
  for (size_t Index = First; Index < End; ++Index) {
    const Place &P = Places[Index];
    step(Reader.decode(P.Region, P.Entry), P.Region, S);
  }
  return S;
}

size_t ThreadOffsets::find(unsigned Region, uint64_t Address) const {
  auto It = llvm::lower_bound(
      Places, std::pair(Region, Address),
      [](const Place &P, const std::pair<unsigned, uint64_t> &Key) {
        return std::pair(P.Region, P.Entry.Address) < Key;
      });
  if (It == Places.end() || It->Region != Region ||
      It->Entry.Address != Address)
    return Places.size();
  return It - Places.begin();
}

/// The targets of a compiler's switch: the indirect jump at \p Index goes
/// through a table of 4-byte distances (`lea table(%rip), %a;
/// movslq (%a,%b,4), %c; add %a, %c; jmp *%c`) or 8-byte addresses
/// (`jmp *table(,%b,8)`). Empty when it is neither.
std::vector<size_t> ThreadOffsets::switchTargets(size_t Index) const {
  const ElfObject &Obj = Reader.object();
  const Decoder &Dec = Reader.decoder();
  unsigned Region = Places[Index].Region;
  Insn Jump = Reader.decode(Region, Places[Index].Entry);

  // The table, by section and offset in an object, by address in an image.
  uint32_t Section = 0;
  uint64_t Table = 0;
  bool IsRelative = true;
  auto SetTable = [&](const Insn &I, uint64_t Decoded,
                      std::initializer_list<uint32_t> Types, bool PcRelative) {
    Table = Decoded;
    if (!Obj.isRelocatable())
      return true;
    const Relocation *R = findRelocation(Obj, Region, I, Types);
    const ELFT::Sym *Sym = R ? Obj.symbol(R->Symbol) : nullptr;
    Section = R ? Obj.symbolSection(R->Symbol) : 0;
    if (!Section)
      return false;
    Table = Sym->st_value + R->Addend;
    if (PcRelative)
      Table += I.end() - R->Address;
    return true;
  };
  if (Jump.Mem) {
    IsRelative = false;
    if (Jump.Mem->Base || !Jump.Mem->Index || Jump.Mem->Scale != 8 ||
        !SetTable(Jump, Jump.Mem->Disp, {ELF::R_X86_64_32S}, false))
      return {};
  } else {
    constexpr size_t MaxBack = 48;
    MCRegister Base;
    bool Found = false;
    for (size_t Back = 1; Back <= MaxBack && Back <= Index && !Found; ++Back) {
      const Place &P = Places[Index - Back];
      if (P.Region != Region)
        break;
      Insn I = Reader.decode(Region, P.Entry);
      StringRef Op = Dec.opcodeName(I);
      if (!Base && Op == "MOVSX64rm32" && I.Mem->Base && I.Mem->Scale == 4)
        Base = I.Mem->Base;
      else if (Base && Op == "LEA64r" && I.Inst.getOperand(0).getReg() == Base)
        Found = Dec.registerName(I.Mem->Base) == "RIP" &&
                SetTable(I, I.end() + I.Mem->Disp, {ELF::R_X86_64_PC32}, true);
    }
    if (!Found)
      return {};
  }

  std::vector<size_t> Targets;
  unsigned Width = IsRelative ? 4 : 8;
  for (uint64_t Entry = 0;; ++Entry) {
    uint64_t At = Table + Entry * Width, Target;
    unsigned TargetRegion = Region;
    if (Obj.isRelocatable()) {
      const ELFT::Rela *R = Obj.relocationAt(Section, At);
      const ELFT::Sym *Sym = R ? Obj.symbol(R->getSymbol(false)) : nullptr;
      if (!Sym || R->getType(false) !=
                      (IsRelative ? ELF::R_X86_64_PC32 : ELF::R_X86_64_64))
        break;
      Target = Sym->st_value + R->r_addend;
      if (IsRelative)
        Target -= Entry * Width;
      for (TargetRegion = 0; TargetRegion < Obj.regions().size() &&
                             Obj.regions()[TargetRegion].Section !=
                                 Obj.symbolSection(R->getSymbol(false));)
        ++TargetRegion;
    } else if (IsRelative) {
      std::optional<uint32_t> Distance = Obj.read32(At);
      if (!Distance)
        break;
      Target = Table + int64_t(int32_t(*Distance));
    } else {
      std::optional<uint64_t> Value = Obj.read64(At);
      if (!Value)
        break;
      Target = *Value;
    }
    size_t To = find(TargetRegion, Target);
    if (To == Places.size()) {
      // A case in a part that is not under analysis (a cold section) is
      // none of ours; anything else is the end of the table.
      if (TargetRegion != Region && TargetRegion < Obj.regions().size())
        continue;
      break;
    }
    Targets.push_back(To);
  }
  return Targets;
}

void ThreadOffsets::buildBlocks() {
  llvm::sort(Places, [](const Place &A, const Place &B) {
    return std::pair(A.Region, A.Entry.Address) <
           std::pair(B.Region, B.Entry.Address);
  });
  auto Adjacent = [&](size_t Index) { // the next place follows directly
    return Index + 1 < Places.size() &&
           Places[Index + 1].Region == Places[Index].Region &&
           Places[Index + 1].Entry.Address ==
               Places[Index].Entry.Address + Places[Index].Entry.Length;
  };

  std::vector<Jump> Jumps;
  std::vector<Flow> Flows(Places.size());
  std::vector<bool> Leader(Places.size()), IsSwitch(Places.size());
  for (size_t Index = 0; Index < Places.size(); ++Index) {
    const Place &P = Places[Index];
    Insn I = Reader.decode(P.Region, P.Entry);
    Flow F = I.ControlFlow;
    if ((F == Flow::Call || F == Flow::IndirectCall) &&
        neverReturns(I, P.Region))
      F = Flow::Stop;
    Flows[Index] = F;
    if (P.IsEntry || Index == 0 || !Adjacent(Index - 1))
      Leader[Index] = true;
    if (F == Flow::Next)
      continue;
    if (Index + 1 < Places.size())
      Leader[Index + 1] = true;
    if (F == Flow::IndirectJump) {
      for (size_t To : switchTargets(Index)) {
        Jumps.push_back({Index, To});
        Leader[To] = IsSwitch[Index] = true;
      }
      continue;
    }
    if (F != Flow::Branch && F != Flow::Jump)
      continue;
    if (auto T = Reader.resolve(I, P.Region, I.Target, true)) {
      size_t To = find(T->first, T->second);
      if (To == Places.size()) // behind a lock prefix
        To = find(T->first, T->second - 1);
      if (To != Places.size()) {
        Jumps.push_back({Index, To});
        Leader[To] = true;
      }
    }
  }
  addExceptions(Jumps);
  std::vector<Jump> Patches = patchJumps();
  for (const Jump &J : Jumps)
    Leader[J.To] = true;
  for (const Jump &J : Patches) {
    Leader[J.To] = true;
    if (J.From + 1 < Places.size())
      Leader[J.From + 1] = true;
  }
  BlockOf.resize(Places.size());
  for (size_t Index = 0; Index < Places.size(); ++Index) {
    if (Leader[Index]) {
      Blocks.emplace_back();
      Blocks.back().First = Index;
      Blocks.back().IsEntry = Places[Index].IsEntry;
    }
    Blocks.back().Last = Index;
    Blocks.back().End = Flows[Index];
    Blocks.back().IsSwitch = IsSwitch[Index];
    BlockOf[Index] = Blocks.size() - 1;
  }
  auto Connect = [&](size_t From, size_t To) {
    Blocks[From].Successors.push_back(To);
    Blocks[To].HasPredecessor = true;
  };
  for (const Jump &J : Jumps)
    Connect(BlockOf[J.From], BlockOf[J.To]);
  for (size_t B = 0; B < Blocks.size(); ++B) {
    Block &Here = Blocks[B];
    // Padding that nothing leads to does not lead on, either.
    Here.IsPadding =
        !Here.IsEntry && !Here.HasPredecessor &&
        llvm::all_of(llvm::seq_inclusive(Here.First, Here.Last), [&](size_t I) {
          const Place &P = Places[I];
          return Reader.decoder()
              .opcodeName(Reader.decode(P.Region, P.Entry))
              .starts_with("NOOP");
        });
    if (!Here.IsPadding && Here.End != Flow::Jump &&
        Here.End != Flow::IndirectJump && Here.End != Flow::Stop &&
        Adjacent(Here.Last))
      Connect(B, B + 1);
  }
  connectOrphans(Patches);
}

/// The entries of a list in order of (region, address) that \p Address leads
/// to.
template <typename T>
static auto entriesAt(const std::vector<T> &List, uint64_t T::*Address,
                      unsigned Region, uint64_t At) {
  auto Key = [&](const T &E) { return std::pair(E.Region, E.*Address); };
  auto Begin = llvm::partition_point(
      List, [&](const T &E) { return Key(E) < std::pair(Region, At); });
  auto End = Begin;
  while (End != List.end() && Key(*End) == std::pair(Region, At))
    ++End;
  return llvm::make_range(Begin, End);
}

/// An exception out of a call goes to the call's landing pad.
void ThreadOffsets::addExceptions(std::vector<Jump> &Jumps) const {
  for (size_t Pad = 0; Pad < Places.size(); ++Pad)
    for (const CallSite &C :
         entriesAt(Hidden.CallSites, &CallSite::Pad, Places[Pad].Region,
                   Places[Pad].Entry.Address)) {
      auto At = llvm::partition_point(Places, [&](const Place &P) {
        return std::pair(P.Region, P.Entry.Address) <
               std::pair(C.Region, C.Begin);
      });
      for (; At != Places.end() && At->Region == C.Region &&
             At->Entry.Address < C.End;
           ++At) {
        Flow F = Reader.decode(At->Region, At->Entry).ControlFlow;
        if (F == Flow::Call || F == Flow::IndirectCall)
          Jumps.push_back({size_t(At - Places.begin()), Pad});
      }
    }
}

std::vector<ThreadOffsets::Jump> ThreadOffsets::patchJumps() const {
  std::vector<Jump> Jumps;
  for (size_t To = 0; To < Places.size(); ++To)
    for (const PatchSite &P :
         entriesAt(Hidden.PatchSites, &PatchSite::Target, Places[To].Region,
                   Places[To].Entry.Address))
      if (size_t From = find(P.Region, P.Site); From != Places.size())
        Jumps.push_back({From, To});
  return Jumps;
}

/// A block that nothing else leads to, but a table does, is entered with the
/// state of its own site.
void ThreadOffsets::connectOrphans(ArrayRef<Jump> Jumps) {
  std::vector<Jump> Edges; // of blocks
  for (const Jump &J : Jumps) {
    const Block &To = Blocks[BlockOf[J.To]];
    if (!To.HasPredecessor && !To.IsEntry && To.First == J.To)
      Edges.push_back({BlockOf[J.From], BlockOf[J.To]});
  }
  for (const Jump &E : Edges) {
    Blocks[E.From].Successors.push_back(E.To);
    Blocks[E.To].HasPredecessor = true;
  }
}

/// The cold part of a function, which is entered from the hot part only.
bool ThreadOffsets::isColdPart(const Block &B) const {
  const Place &P = Places[B.First];
  const Symbol *Sym = Reader.object().enclosing(P.Region, P.Entry.Address);
  return B.HasPredecessor && !B.IsEntry && Sym && Sym->isFunction() &&
         Sym->Address == P.Entry.Address;
}

void ThreadOffsets::solve() {
  buildBlocks();
  // A block that nothing leads to is a case of a jump table or a landing pad:
  // any indirect jump, or else any call, may come there.
  std::vector<size_t> Orphans;
  bool AnyIndirectJump = false;
  for (size_t B = 0; B < Blocks.size(); ++B) {
    if (!Blocks[B].IsEntry && !Blocks[B].HasPredecessor && !Blocks[B].IsPadding)
      Orphans.push_back(B);
    AnyIndirectJump |=
        Blocks[B].End == Flow::IndirectJump && !Blocks[B].IsSwitch;
  }
  auto MayEnterOrphans = [&](const Block &B) {
    return AnyIndirectJump ? B.End == Flow::IndirectJump && !B.IsSwitch
                           : B.End == Flow::Call || B.End == Flow::IndirectCall;
  };

  State Entry, FunctionEntry, IntoOrphans;
  Entry.Reached = FunctionEntry.Reached = true;
  Entry.Regs.fill(ValueKind::Unknown);
  // What a caller has in its registers is saved, and read by nobody.
  FunctionEntry.Regs.fill(ValueKind::Unknown);
  for (unsigned R : {unsigned(RBX), unsigned(RBP), 12u, 13u, 14u, 15u})
    FunctionEntry.Regs[R] = ValueKind::Top;
  std::deque<size_t> Work;
  for (size_t B = 0; B < Blocks.size(); ++B)
    if (Blocks[B].IsEntry || (B == 0 && !isColdPart(Blocks[B]))) {
      meet(Blocks[B].In, Blocks[B].IsEntry ? FunctionEntry : Entry);
      Work.push_back(B);
    }
  for (size_t NextUnreached = 0;;) {
    while (!Work.empty()) {
      size_t B = Work.front();
      Work.pop_front();
      State Out = run(Blocks[B].First, Blocks[B].Last + 1, Blocks[B].In);
      auto Push = [&](size_t To) {
        if (meet(Blocks[To].In, Out))
          Work.push_back(To);
      };
      for (size_t To : Blocks[B].Successors)
        Push(To);
      if (MayEnterOrphans(Blocks[B]) && meet(IntoOrphans, Out))
        for (size_t To : Orphans)
          if (meet(Blocks[To].In, IntoOrphans))
            Work.push_back(To);
    }
    while (NextUnreached < Blocks.size() && Blocks[NextUnreached].In.Reached)
      ++NextUnreached;
    if (NextUnreached == Blocks.size())
      break;
    meet(Blocks[NextUnreached].In, Entry);
    Work.push_back(NextUnreached);
  }
}

std::pair<ValueKind, ValueKind>
ThreadOffsets::operands(unsigned Region, uint64_t Address) const {
  size_t Index = find(Region, Address);
  if (Index == Places.size())
    return {ValueKind::Unknown, ValueKind::Unknown};
  const Block &B = Blocks[BlockOf[Index]];
  State S = run(B.First, Index, B.In);
  Insn I = Reader.decode(Region, Places[Index].Entry);
  if (!I.Mem)
    return {ValueKind::Unknown, ValueKind::Unknown};
  auto Value = [&](MCRegister R) { return R ? get(S, R) : ValueKind::Unknown; };
  return {Value(I.Mem->Base), Value(I.Mem->Index)};
}

} // namespace segshift
