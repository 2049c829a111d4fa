//===- MsrConstants.cpp - the MSR of each rdmsr and wrmsr -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "MsrConstants.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <array>

using namespace llvm;

namespace segshift::audit {

namespace {

using Registers = std::array<std::optional<uint64_t>, 16>;

struct Block {
  unsigned Begin = 0, End = 0; // instructions [Begin, End)
  SmallVector<unsigned, 2> Successors;
  bool Entry = false;          // may be reached from elsewhere
  std::optional<Registers> In; // none: not reached so far
};

class Propagation {
public:
  Propagation(Opcodes &Ops, ArrayRef<Insn> Code,
              function_ref<bool(uint64_t, uint64_t)> HasReloc)
      : Ops(Ops), Code(Code), HasReloc(HasReloc) {
    makeBlocks();
    solve();
  }

  std::map<uint64_t, std::optional<uint32_t>> result() const {
    std::map<uint64_t, std::optional<uint32_t>> Numbers;
    for (const Block &B : Blocks) {
      Registers R = *B.In;
      for (unsigned I = B.Begin; I != B.End; ++I) {
        Role What = Ops.role(Code[I]);
        if (What == Role::ReadMsr || What == Role::WriteMsr) {
          std::optional<uint32_t> &N = Numbers[Code[I].Address];
          if (R[Rcx])
            N = uint32_t(*R[Rcx]);
        }
        step(Code[I], R);
      }
    }
    return Numbers;
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

  bool hasReloc(const Insn &I) const { return HasReloc(I.Address, I.end()); }

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

  void step(const Insn &I, Registers &R) const {
    const MCInst &M = I.Inst;
    auto Value = [&](unsigned Op) -> std::optional<uint64_t> {
      if (Op >= M.getNumOperands())
        return std::nullopt;
      const MCOperand &O = M.getOperand(Op);
      if (O.isImm())
        return hasReloc(I) ? std::nullopt : std::optional<uint64_t>(O.getImm());
      int G = O.isReg() ? Ops.gpr(O.getReg()) : -1;
      return G < 0 ? std::nullopt : R[G];
    };
    auto Low = [](std::optional<uint64_t> V) {
      return V ? std::optional<uint64_t>(uint32_t(*V)) : V;
    };
    auto Sum = [&](std::optional<uint64_t> A, std::optional<uint64_t> B) {
      return A && B ? std::optional<uint64_t>(*A + *B) : std::nullopt;
    };

    std::optional<uint64_t> Result;
    switch (Ops.effect(I)) {
    case Effect::Other:
      break;
    case Effect::MovImm32:
    case Effect::MovReg32:
      Result = Low(Value(1));
      break;
    case Effect::MovImm64:
    case Effect::MovReg64:
      Result = Value(1);
      break;
    case Effect::Zero32:
      if (M.getOperand(1).getReg() == M.getOperand(2).getReg())
        Result = 0;
      break;
    case Effect::AddImm32:
      Result = Low(Sum(Value(1), Value(2)));
      break;
    case Effect::SubImm32:
      if (auto A = Value(1), B = Value(2); A && B)
        Result = Low(*A - *B);
      break;
    case Effect::OrImm32:
      if (auto A = Value(1), B = Value(2); A && B)
        Result = Low(*A | *B);
      break;
    case Effect::Inc32:
      Result = Low(Sum(Value(1), 1));
      break;
    case Effect::Dec32:
      Result = Low(Sum(Value(1), ~uint64_t(0)));
      break;
    case Effect::Lea32:
    case Effect::Lea64: // destination; base, scale, index, displacement,
                        // segment
      if (M.getOperand(1).getReg() && !M.getOperand(3).getReg())
        Result = Sum(Value(1), Value(4));
      if (Ops.effect(I) == Effect::Lea32)
        Result = Low(Result);
      break;
    }

    auto Forget = [&](MCRegister Reg) {
      if (int G = Ops.gpr(Reg); G >= 0)
        R[G].reset();
    };
    Ops.decoder().forEachDef(I, Forget);
    if (I.ControlFlow == Flow::Call || I.ControlFlow == Flow::IndirectCall)
      for (int G :
           {int(Rax), int(Rcx), int(Rdx), int(Rsi), int(Rdi), 8, 9, 10, 11})
        R[G].reset(); // psABI figure 3.4: not preserved across calls
    if (repeats(I))
      R[Rcx].reset();
    if (Result)
      if (int G = Ops.gpr(M.getOperand(0).getReg()); G >= 0)
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
  ArrayRef<Insn> Code;
  function_ref<bool(uint64_t, uint64_t)> HasReloc;
  std::map<uint64_t, unsigned> Index;
  std::vector<Block> Blocks;
};

} // namespace

std::map<uint64_t, std::optional<uint32_t>>
findMsrNumbers(Opcodes &Ops, ArrayRef<Insn> Function,
               function_ref<bool(uint64_t, uint64_t)> HasReloc) {
  if (Function.empty())
    return {};
  return Propagation(Ops, Function, HasReloc).result();
}

} // namespace segshift::audit
