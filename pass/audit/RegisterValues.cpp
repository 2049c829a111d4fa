//===- RegisterValues.cpp - what registers hold in a function -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RegisterValues.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

using namespace llvm;

namespace segshift::audit {

/// True for a number that is an offset into the image's TLS block.
static bool inBlock(const Function &F, uint64_t Number) {
  return F.Obj.tls() && int64_t(Number) < 0 &&
         0 - Number <= F.Obj.tls()->blockSize();
}

/// A number in an instruction; with a relocation what the linker puts there.
static std::optional<Value> constant(const Function &F, const Insn &I,
                                     int64_t Number) {
  ArrayRef<Relocation> Relocs = F.Obj.relocations(F.Region, I.Address, I.end());
  if (Relocs.empty())
    return Value{uint64_t(Number)};
  for (const Relocation &R : Relocs)
    if (R.Type == ELF::R_X86_64_TPOFF32 || R.Type == ELF::R_X86_64_TPOFF64)
      return Value{uint64_t(R.Addend), F.Obj.symbolName(R.Symbol)};
  return std::nullopt;
}

std::optional<Value> sum(const Function &F, std::optional<Value> A,
                         std::optional<Value> B) {
  if (!A)
    std::swap(A, B);
  if (!A)
    return std::nullopt;
  if (!B) { // an index into a variable, or a pointer to who knows what
    if (A->isNumber() && !inBlock(F, A->Number))
      return std::nullopt;
    A->Indexed = true;
    return A;
  }
  if ((A->Thread && B->Thread) || (!A->Symbol.empty() && !B->Symbol.empty()))
    return std::nullopt;
  return Value{A->Number + B->Number, A->Symbol.empty() ? B->Symbol : A->Symbol,
               A->Thread || B->Thread, A->From | B->From,
               A->Indexed || B->Indexed};
}

std::optional<Value> address(Opcodes &Ops, const Function &F, const Insn &I,
                             const Registers &R) {
  constexpr size_t WithField = 7; // with a displacement of four bytes
  std::optional<Value> Known = constant(F, I, I.Mem->Disp);
  bool AnyKnown = false, AnyUnknown = false;
  for (auto [Reg, Scale] :
       {std::pair(I.Mem->Base, 1u), std::pair(I.Mem->Index, I.Mem->Scale)}) {
    if (!Reg)
      continue;
    int G = Ops.gpr(Reg);
    if (G < 0) // %rip
      return std::nullopt;
    std::optional<Value> V = R[G];
    if (V && Scale != 1)
      V = V->isNumber() ? std::optional(Value(V->Number * Scale))
                        : std::nullopt;
    if (!V) {
      AnyUnknown = true;
      continue;
    }
    AnyKnown = true;
    Known = Known ? sum(F, Known, V) : std::nullopt;
  }
  // Alone, a short displacement is not what a linker filled in.
  if (!Known || !AnyUnknown)
    return Known;
  return AnyKnown || I.Bytes.size() >= WithField ? sum(F, Known, std::nullopt)
                                                 : std::nullopt;
}

/// What an eight-byte load gets: the thread pointer, or a variable's offset
/// from a slot of the GOT.
static std::optional<Value> loaded(Opcodes &Ops, const Function &F,
                                   const Insn &I) {
  if (!I.Mem)
    return std::nullopt;
  const ElfObject &Obj = F.Obj;
  if (I.reaches(SegReg::FS) || I.reaches(SegReg::GS)) {
    if (I.Mem->Base || I.Mem->Index || I.Mem->Disp != 0 ||
        !Obj.relocations(F.Region, I.Address, I.end()).empty())
      return std::nullopt;
    return Value{0, "", true, I.Address};
  }
  if (!I.Mem->Base || Ops.decoder().registerName(I.Mem->Base) != "RIP")
    return std::nullopt;
  for (const Relocation &R : Obj.relocations(F.Region, I.Address, I.end()))
    if (R.Type == ELF::R_X86_64_GOTTPOFF ||
        R.Type == ELF::R_X86_64_CODE_4_GOTTPOFF ||
        R.Type == ELF::R_X86_64_CODE_6_GOTTPOFF)
      return Value{0, Obj.symbolName(R.Symbol)};
  if (Obj.isRelocatable() || !Obj.tls())
    return std::nullopt;
  uint64_t Slot = I.end() + I.Mem->Disp;
  if (const ELFT::Rela *R = Obj.dynamicRelocation(Slot)) {
    if (R->getType(false) != ELF::R_X86_64_TPOFF64 || R->getSymbol(false))
      return std::nullopt;
    return Value{uint64_t(R->r_addend) - Obj.tls()->blockSize()};
  }
  std::optional<uint64_t> Number = Obj.read64(Slot);
  if (!Number || !inBlock(F, *Number))
    return std::nullopt;
  return Value{*Number};
}

namespace {

struct Block {
  unsigned Begin = 0, End = 0; // instructions [Begin, End)
  SmallVector<unsigned, 2> Successors;
  bool Entry = false;          // may be reached from elsewhere
  std::optional<Registers> In; // none: not reached so far
};

class Propagation {
public:
  Propagation(Opcodes &Ops, const Function &F) : Ops(Ops), F(F), Code(F.Code) {
    makeBlocks();
    solve();
  }

  void
  visit(function_ref<void(const Insn &, const Registers &, const Registers &)>
            Visit) const {
    for (const Block &B : Blocks) {
      Registers Before = *B.In;
      for (unsigned I = B.Begin; I != B.End; ++I) {
        Registers After = Before;
        step(Code[I], After);
        Visit(Code[I], Before, After);
        Before = After;
      }
    }
  }

private:
  // The place in Code of a direct jump's target, if it is in the function.
  std::optional<unsigned> target(const Insn &I) const {
    if ((I.ControlFlow != Flow::Branch && I.ControlFlow != Flow::Jump) ||
        hasReloc(I))
      return std::nullopt;
    auto It = Index.find(I.Target);
    if (It == Index.end())
      return std::nullopt;
    return It->second;
  }

  ArrayRef<Relocation> relocs(const Insn &I) const {
    return F.Obj.relocations(F.Region, I.Address, I.end());
  }
  bool hasReloc(const Insn &I) const { return !relocs(I).empty(); }

  static bool fallsThrough(const Insn &I) {
    return I.ControlFlow != Flow::Jump && I.ControlFlow != Flow::IndirectJump &&
           I.ControlFlow != Flow::Stop;
  }

  void makeBlocks() {
    for (unsigned I = 0; I != Code.size(); ++I)
      Index[Code[I].Address] = I;

    std::vector<bool> Leader(Code.size() + 1), Detached(Code.size() + 1);
    bool Indirect = false;
    Leader[0] = true;
    for (unsigned I = 0; I != Code.size(); ++I) {
      if (auto T = target(Code[I]))
        Leader[*T] = true;
      Indirect |= Code[I].ControlFlow == Flow::IndirectJump;
      if (Code[I].ControlFlow == Flow::Branch)
        Leader[I + 1] = true;
      // After a jump, or a gap of bytes that are no code.
      if (!fallsThrough(Code[I]) ||
          (I + 1 != Code.size() && Code[I + 1].Address != Code[I].end()))
        Leader[I + 1] = Detached[I + 1] = true;
    }

    std::vector<unsigned> BlockOf(Code.size());
    for (unsigned I = 0; I != Code.size(); ++I) {
      if (Leader[I]) {
        Block B;
        B.Begin = I;
        // A jump table may reach whatever nothing falls into.
        B.Entry = I == 0 || (Indirect && Detached[I]);
        Blocks.push_back(std::move(B));
      }
      BlockOf[I] = Blocks.size() - 1;
      Blocks.back().End = I + 1;
    }
    for (Block &B : Blocks) {
      if (auto T = target(Code[B.End - 1]))
        B.Successors.push_back(BlockOf[*T]);
      if (B.End != Code.size() && !Detached[B.End])
        B.Successors.push_back(BlockOf[B.End]);
    }
  }

  void solve() {
    SmallVector<unsigned> Work;
    auto Enter = [&](unsigned B, const Registers &R) {
      std::optional<Registers> &In = Blocks[B].In;
      bool Changed = !In;
      if (!In) {
        In = R;
      } else {
        for (unsigned I = 0; I != R.size(); ++I)
          if ((*In)[I] && (*In)[I] != R[I]) {
            (*In)[I].reset();
            Changed = true;
          }
      }
      if (Changed)
        Work.push_back(B);
    };
    auto Run = [&] {
      while (!Work.empty()) {
        unsigned B = Work.pop_back_val();
        Registers R = *Blocks[B].In;
        for (unsigned I = Blocks[B].Begin; I != Blocks[B].End; ++I)
          step(Code[I], R);
        for (unsigned S : Blocks[B].Successors)
          Enter(S, R);
      }
    };
    for (unsigned B = 0; B != Blocks.size(); ++B)
      if (Blocks[B].Entry)
        Enter(B, {});
    Run();
    // What nothing reaches is reached from where we do not look.
    for (unsigned B = 0; B != Blocks.size(); ++B)
      if (!Blocks[B].In) {
        Enter(B, {});
        Run();
      }
  }

  /// The value of a register or immediate.
  std::optional<Value> operand(const Insn &I, const Registers &R,
                               unsigned Op) const {
    if (Op >= I.Inst.getNumOperands())
      return std::nullopt;
    const MCOperand &O = I.Inst.getOperand(Op);
    if (O.isImm())
      return constant(F, I, O.getImm());
    int G = O.isReg() ? Ops.gpr(O.getReg()) : -1;
    return G < 0 ? std::nullopt : R[G];
  }

  static std::optional<Value> low(std::optional<Value> V) {
    if (!V || !V->isNumber())
      return std::nullopt;
    return Value{uint32_t(V->Number)};
  }

  static std::optional<Value> combine(std::optional<Value> A,
                                      std::optional<Value> B,
                                      uint64_t (*How)(uint64_t, uint64_t)) {
    if (!A || !B || !A->isNumber() || !B->isNumber())
      return std::nullopt;
    return Value{How(A->Number, B->Number)};
  }

  /// What the instruction puts into its first operand.
  std::optional<Value> result(const Insn &I, const Registers &R) const {
    auto At = [&](unsigned Op) { return operand(I, R, Op); };
    auto Minus = [](uint64_t A, uint64_t B) { return A - B; };
    switch (Ops.effect(I)) {
    case Effect::Other:
      return std::nullopt;
    case Effect::MovImm32:
    case Effect::MovReg32:
      return low(At(1));
    case Effect::MovImm64:
    case Effect::MovReg64:
      return At(1);
    case Effect::Zero32:
      if (I.Inst.getOperand(1).getReg() == I.Inst.getOperand(2).getReg())
        return Value{0};
      return std::nullopt;
    case Effect::AddImm32:
      return low(sum(F, At(1), At(2)));
    case Effect::Add64:
      return sum(F, At(1), At(2));
    case Effect::AddToRax:
      return sum(F, R[Rax], At(0));
    case Effect::SubImm32:
      return low(combine(At(1), At(2), Minus));
    case Effect::SubImm64:
      if (auto By = At(2); By && By->isNumber())
        return sum(F, At(1), Value{0 - By->Number});
      return std::nullopt;
    case Effect::OrImm32:
      return low(
          combine(At(1), At(2), [](uint64_t A, uint64_t B) { return A | B; }));
    case Effect::Inc32:
      return low(sum(F, At(1), Value{1}));
    case Effect::Dec32:
      return low(sum(F, At(1), Value{~uint64_t(0)}));
    case Effect::Lea32:
      return low(address(Ops, F, I, R));
    case Effect::Lea64:
      return address(Ops, F, I, R);
    case Effect::Load64:
      return loaded(Ops, F, I);
    case Effect::AddLoad64:
      return sum(F, At(1), loaded(Ops, F, I));
    }
    return std::nullopt;
  }

  void step(const Insn &I, Registers &R) const {
    std::optional<Value> Result = result(I, R);
    for (const Relocation &Rel : relocs(I))
      if (Rel.Type == ELF::R_X86_64_TLSDESC_CALL) {
        // It changes no register but %rax.
        R[Rax] = Value{0, F.Obj.symbolName(Rel.Symbol)};
        return;
      }
    Ops.decoder().forEachDef(I, [&](MCRegister Reg) {
      if (int G = Ops.gpr(Reg); G >= 0)
        R[G].reset();
    });
    if (I.ControlFlow == Flow::Call || I.ControlFlow == Flow::IndirectCall)
      for (int G :
           {int(Rax), int(Rcx), int(Rdx), int(Rsi), int(Rdi), 8, 9, 10, 11})
        R[G].reset(); // psABI figure 3.4: not preserved across calls
    if (repeats(I))
      R[Rcx].reset();
    if (!Result)
      return;
    bool ToRax = Ops.effect(I) == Effect::AddToRax;
    if (int G = ToRax ? int(Rax) : Ops.gpr(I.Inst.getOperand(0).getReg());
        G >= 0)
      R[G] = Result;
  }

  // String instructions with rep, repe or repne count RCX down, which MC does
  // not say.
  static bool repeats(const Insn &I) {
    ArrayRef<uint8_t> Prefixes = I.Bytes.take_front(I.NumPrefixes);
    ArrayRef<uint8_t> Rest = I.Bytes.drop_front(I.NumPrefixes);
    if (!Rest.empty() && (Rest[0] & 0xf0) == 0x40) // REX
      Rest = Rest.drop_front();
    if (Rest.empty() ||
        !(is_contained(Prefixes, 0xf2) || is_contained(Prefixes, 0xf3)))
      return false;
    uint8_t Op = Rest[0]; // Intel SDM volume 2, table A-2
    return (Op >= 0x6c && Op <= 0x6f) || (Op >= 0xa4 && Op <= 0xa7) ||
           (Op >= 0xaa && Op <= 0xaf);
  }

  Opcodes &Ops;
  const Function &F;
  ArrayRef<Insn> Code;
  std::map<uint64_t, unsigned> Index;
  std::vector<Block> Blocks;
};

} // namespace

void forEachState(
    Opcodes &Ops, const Function &F,
    function_ref<void(const Insn &, const Registers &, const Registers &)>
        Visit) {
  if (!F.Code.empty())
    Propagation(Ops, F).visit(Visit);
}

} // namespace segshift::audit
