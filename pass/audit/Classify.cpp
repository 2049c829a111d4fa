//===- Classify.cpp - FS and GS in one instruction ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Classify.h"
#include "segshift/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace segshift::audit {

StringRef tcbSlotName(int64_t Offset) {
  switch (Offset) {
  case SEGSHIFT_TCB_SELF:
    return "thread pointer";
  case SEGSHIFT_TCB_DTV:
    return "dynamic thread vector";
  case SEGSHIFT_TCB_SELF2:
    return "thread pointer, libc's copy";
  case SEGSHIFT_TCB_CANARY:
    return "stack-protector canary";
  case SEGSHIFT_TCB_PTR_GUARD:
    return "pointer guard";
  case SEGSHIFT_TCB_SPLIT_STACK:
    return "split-stack limit";
  }
  return "";
}

static std::string offsetText(int64_t Offset) {
  return Offset < 0 ? "-0x" + utohexstr(0 - uint64_t(Offset), true)
                    : "0x" + utohexstr(Offset, true);
}

static bool isTpoff(uint32_t Type) {
  return Type == ELF::R_X86_64_TPOFF32 || Type == ELF::R_X86_64_TPOFF64;
}

// The relocation of the displacement, not of an immediate, which stands behind
// it (Intel SDM volume 2, figure 2-1).
static const Relocation *
displacementReloc(const Insn &I, ArrayRef<Relocation> Relocs, bool Moffs) {
  bool HasImm = false;
  for (unsigned Op = 0; Op < I.Inst.getNumOperands(); ++Op)
    if (Op < I.Mem->FirstOperand || Op >= I.Mem->FirstOperand + 5)
      HasImm |= I.Inst.getOperand(Op).isImm();
  for (const Relocation &R : Relocs) {
    if (R.Type == ELF::R_X86_64_NONE)
      continue;
    uint64_t FieldEnd = R.Address + (Moffs ? 8 : 4);
    if (HasImm ? FieldEnd < I.end() : FieldEnd == I.end())
      return &R;
  }
  return nullptr;
}

namespace {
struct Classifier {
  Opcodes &Ops;
  const Insn &I;
  ArrayRef<Relocation> Relocs;
  const Context &C;
  Uses &Out;

  MCRegister reg(StringRef Name) const {
    return Ops.decoder().registerNamed(Name);
  }

  bool isRipRelative() const {
    return I.Mem->Base &&
           (I.Mem->Base == reg("RIP") || I.Mem->Base == reg("EIP"));
  }
  bool isFixed() const { return I.Mem && !I.Mem->Base && !I.Mem->Index; }

  const Relocation *reloc() const {
    return I.Mem ? displacementReloc(I, Relocs, I.Inst.getNumOperands() < 5)
                 : nullptr;
  }

  void add(Kind K, const Twine &What) {
    Out.List.push_back({K, What.str(), false});
  }

  // "x, y", of those that the function shows this instruction to reach.
  std::string variables() const {
    constexpr size_t Most = 4;
    std::string Text;
    if (C.Known)
      for (const auto &[Index, Name] : enumerate(C.Known->Variables))
        Text += Index == Most  ? ", ..."
                : Index > Most ? ""
                               : (Index ? ", " : "") + Name;
    return Text;
  }

  // An address that a register holds: "-0x4 (counter)", where it is known.
  std::string computed() const {
    std::string Names = variables();
    if (Names.empty())
      return "(computed address)";
    if (C.Known->Offset)
      return offsetText(*C.Known->Offset) + " (" + Names + ")";
    return (C.Known->Indexed ? "(within " : "(offset of ") + Names + ")";
  }

  // "%fs:-0x10 (counter)".
  std::string place(StringRef Segment) const {
    std::string Text = ("%" + Segment + ":").str();
    if (const Relocation *R = reloc()) {
      StringRef Name = C.Object ? C.Object->symbolName(R->Symbol) : "";
      return Text + (Name.empty() ? "?" : Name.str()) +
             (isTpoff(R->Type) ? "@tpoff" : "");
    }
    if (!isFixed())
      return Text + (I.Mem && isRipRelative() ? "(relative to the instruction)"
                                              : computed());
    if (std::string For = variables(); I.Mem->Disp == 0 && !For.empty())
      return Text + "0x0 (thread pointer, for " + For + ")";
    Text += offsetText(I.Mem->Disp);
    StringRef Name = tcbSlotName(I.Mem->Disp);
    if (Name.empty() && I.Mem->Disp < 0 && C.Tls)
      if (const tls::Variable *V = C.Tls->at(I.Mem->Disp))
        Name = V->Name;
    return Name.empty() ? Text : Text + " (" + Name.str() + ")";
  }

  bool isAtContractOffset() const {
    if (!isFixed() || reloc())
      return false;
    switch (I.Mem->Disp) {
    case SEGSHIFT_TCB_SELF:
    case SEGSHIFT_TCB_SELF2:
    case SEGSHIFT_TCB_CANARY:
    case SEGSHIFT_TCB_PTR_GUARD:
      return true;
    }
    return false;
  }

  bool fsPrefixBeforeAnother() const {
    return !I.SameOverrides && I.Override != SegReg::FS &&
           is_contained(I.Bytes.take_front(I.NumPrefixes), FSPrefix);
  }

  void fs() {
    bool NoAccess = Ops.role(I) == Role::Nop;
    bool Named = I.Mem && I.Mem->Segment == SegReg::FS;
    if (I.reaches(SegReg::FS)) {
      bool String = Ops.role(I) == Role::String;
      add(String ? Kind::FsString : Kind::FsMemory,
          String ? "string instruction reads through %fs"
                 : "memory access through " + place("fs"));
      Out.List.back().AtContractOffset = isAtContractOffset();
    } else if (fsPrefixBeforeAnother() && !NoAccess) {
      add(Kind::FsMemory,
          "several segment overrides on one instruction, one of them FS");
    } else if ((Named || I.Override == SegReg::FS) && !NoAccess) {
      // A prefix that the decoder's prefix scan does not see but LLVM does is
      // an access; one that changes nothing is a curiosity.
      bool Hidden = Named && I.Override != SegReg::FS;
      add(Hidden ? Kind::FsMemory : Kind::FsPrefix,
          Hidden
              ? "memory access through " + place("fs")
              : "FS override on an instruction that reaches no memory by it");
    }
  }

  void gs() {
    if (!I.reaches(SegReg::GS) || !I.Mem)
      return;
    if (!isFixed() && !isRipRelative())
      return;
    std::string Place = place("gs");
    if (const Relocation *R = reloc()) {
      if (!isTpoff(R->Type))
        add(Kind::GsOffsetUnset,
            "access to " + Place + ", whose offset the linker sets");
      return;
    }
    if (isRipRelative()) {
      add(Kind::GsOffset, "access to %gs:" + offsetText(I.end() + I.Mem->Disp) +
                              ", an offset relative to the instruction");
      return;
    }
    int64_t Offset = I.Mem->Disp;
    if (Offset < 0)
      return negativeGs(Offset);
    const MCInstrDesc &D = Ops.decoder().desc(I);
    if (Offset != SEGSHIFT_TCB_SELF && Offset != SEGSHIFT_TCB_SELF2 &&
        any_of(C.TcbOffsets, [&](const std::pair<int64_t, int64_t> &Range) {
          return Offset >= Range.first && Offset <= Range.second;
        }))
      return;
    if (Offset >= SEGSHIFT_TCB_KERNEL) {
      if (C.KernelArea &&
          uint64_t(Offset) - SEGSHIFT_TCB_KERNEL >= *C.KernelArea)
        add(Kind::GsOffset, "access to " + Place +
                                ", behind the kernel area of " +
                                Twine(*C.KernelArea) + " bytes from 0x80");
    } else if (Offset == SEGSHIFT_TCB_SELF || Offset == SEGSHIFT_TCB_SELF2) {
      // The contract's use is a load of the thread pointer.
      if (D.mayStore())
        add(Kind::GsOffset,
            "store to " + Place + ", which is the thread pointer itself");
      else if (I.ControlFlow != Flow::Next || loadsStackPointer())
        add(Kind::GsOffset,
            "access to " + Place + " that is no load of the thread pointer");
    } else if (tcbSlotName(Offset).empty()) {
      add(Kind::GsOffset,
          "access to " + Place + ", an offset that the contract does not give");
    } else if (Offset != SEGSHIFT_TCB_SPLIT_STACK && namesStackPointer()) {
      add(Kind::GsOffset, "stack pointer in " + Place);
    } else if (isOddUse(D)) {
      add(Kind::GsOffset, "access to " + Place + " as no compiler makes it");
    }
  }

  // Compilers load and store the contract's fields, and compare and combine
  // them in general registers. Pushes, pops, jumps, exchanges and vector code
  // are a kernel's own slots.
  bool isOddUse(const MCInstrDesc &D) const {
    if (I.ControlFlow != Flow::Next || (D.mayLoad() && D.mayStore()))
      return true;
    for (unsigned Op = 0; Op < I.Inst.getNumOperands(); ++Op)
      if (const MCOperand &O = I.Inst.getOperand(Op);
          (Op < I.Mem->FirstOperand || Op >= I.Mem->FirstOperand + 5) &&
          O.isReg() && O.getReg() && Ops.gpr(O.getReg()) < 0)
        return true;
    return false;
  }

  bool namesStackPointer() const {
    return any_of(I.Inst, [&](const MCOperand &Operand) {
      return Operand.isReg() && Operand.getReg() == reg("RSP");
    });
  }

  // A stack pointer is what kernels that use %gs:0 as a slot keep there.
  bool loadsStackPointer() const {
    bool Found = false;
    MCRegister Rsp = reg("RSP");
    Ops.decoder().forEachDef(I, [&](MCRegister R) {
      Found |= Ops.decoder().fullRegister(R) == Rsp;
    });
    return Found;
  }

  void negativeGs(int64_t Offset) {
    if (C.Relocatable)
      add(Kind::GsOffset,
          "access to %gs:" + offsetText(Offset) +
              " without a TLS relocation: no variable of this object");
    else if (!C.Tls || !C.Tls->HasTls)
      add(Kind::GsOffset, "access to %gs:" + offsetText(Offset) +
                              ", but the image has no TLS block");
    else if (Offset < -int64_t(C.Tls->BlockSize))
      add(Kind::GsOffset, "access to %gs:" + offsetText(Offset) +
                              ", below the TLS block, which starts at -0x" +
                              utohexstr(C.Tls->BlockSize, true));
  }

  void registers() {
    auto Is = [&](unsigned Op, StringRef Name) {
      return Op < I.Inst.getNumOperands() && I.Inst.getOperand(Op).isReg() &&
             I.Inst.getOperand(Op).getReg() == reg(Name);
    };
    switch (Ops.role(I)) {
    case Role::PushFs:
      return add(Kind::FsSelector, "reads the FS selector");
    case Role::PopFs:
    case Role::LoadFarFs:
      return add(Kind::FsSelector,
                 "loads the FS selector, and with it FS_BASE");
    case Role::PopGs:
    case Role::LoadFarGs:
      return add(Kind::GsSelector,
                 "loads the GS selector, and with it GS_BASE");
    case Role::MovToSegment:
      if (Is(0, "FS"))
        add(Kind::FsSelector, "loads the FS selector, and with it FS_BASE");
      else if (Is(0, "GS"))
        add(Kind::GsSelector, "loads the GS selector, and with it GS_BASE");
      return;
    case Role::MovFromSegment:
      if (Is(I.Inst.getNumOperands() - 1, "FS"))
        add(Kind::FsSelector, "reads the FS selector");
      return;
    case Role::ReadFsBase:
      return add(Kind::FsBase, "reads FS_BASE");
    case Role::WriteFsBase:
      return add(Kind::FsBase, "writes FS_BASE");
    case Role::ReadGsBase:
      return add(Kind::GsBase, "reads GS_BASE");
    case Role::WriteGsBase:
      return add(Kind::GsBase, "writes GS_BASE");
    case Role::Swapgs:
      return add(Kind::Swapgs, "exchanges GS_BASE and KERNEL_GS_BASE");
    case Role::Lkgs:
      return add(Kind::GsBase, "loads KERNEL_GS_BASE by a selector");
    case Role::MsrList:
      return add(Kind::MsrUnknown, "accesses a list of MSRs");
    case Role::ReadMsr:
    case Role::WriteMsr:
      Out.MsrInEcx = true;
      return;
    case Role::ReadMsrImm:
    case Role::WriteMsrImm:
      for (const MCOperand &Op : I.Inst)
        if (Op.isImm())
          if (auto U = classifyMsr(Ops.role(I) == Role::WriteMsrImm,
                                   uint32_t(Op.getImm())))
            Out.List.push_back(*U);
      return;
    case Role::None:
    case Role::Nop:
    case Role::String:
      return;
    }
  }
};
} // namespace

void classify(Opcodes &Ops, const Insn &I, ArrayRef<Relocation> Relocs,
              const Context &C, Uses &Out) {
  Out = {};
  Classifier K{Ops, I, Relocs, C, Out};
  if (I.NumPrefixes || I.Mem) {
    K.fs();
    K.gs();
    Out.TouchesTls = I.reaches(SegReg::FS) || I.reaches(SegReg::GS);
  }
  K.registers();
}

std::optional<Use> classifyMsr(bool Write, std::optional<uint32_t> Number) {
  std::string Verb = Write ? "writes" : "reads";
  if (!Number)
    return Use{Kind::MsrUnknown,
               Verb + " an MSR whose number is not a constant here"};
  switch (*Number) {
  case SEGSHIFT_MSR_FS_BASE:
    return Use{Kind::FsMsr, Verb + " MSR IA32_FS_BASE"};
  case SEGSHIFT_MSR_GS_BASE:
    return Use{Kind::GsMsr, Verb + " MSR IA32_GS_BASE"};
  case SEGSHIFT_MSR_KERNEL_GS_BASE:
    return Use{Kind::GsMsr, Verb + " MSR IA32_KERNEL_GS_BASE"};
  }
  return std::nullopt;
}

} // namespace segshift::audit
