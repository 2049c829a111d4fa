//===- Opcodes.cpp - what the audit knows of opcodes ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Opcodes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace segshift::audit {

static Role roleOf(StringRef Name) {
  return StringSwitch<Role>(Name)
      .Cases({"PUSHFS16", "PUSHFS32", "PUSHFS64"}, Role::PushFs)
      .Cases({"POPFS16", "POPFS32", "POPFS64"}, Role::PopFs)
      .Cases({"POPGS16", "POPGS32", "POPGS64"}, Role::PopGs)
      .Cases({"LFS16rm", "LFS32rm", "LFS64rm"}, Role::LoadFarFs)
      .Cases({"LGS16rm", "LGS32rm", "LGS64rm"}, Role::LoadFarGs)
      .Cases({"MOV16sr", "MOV32sr", "MOV64sr", "MOV16sm"}, Role::MovToSegment)
      .Cases({"MOV16rs", "MOV32rs", "MOV64rs", "MOV16ms"}, Role::MovFromSegment)
      .Cases({"RDFSBASE", "RDFSBASE64"}, Role::ReadFsBase)
      .Cases({"WRFSBASE", "WRFSBASE64"}, Role::WriteFsBase)
      .Cases({"RDGSBASE", "RDGSBASE64"}, Role::ReadGsBase)
      .Cases({"WRGSBASE", "WRGSBASE64"}, Role::WriteGsBase)
      .Case("SWAPGS", Role::Swapgs)
      .Cases({"LKGS16r", "LKGS16m"}, Role::Lkgs)
      .Case("RDMSR", Role::ReadMsr)
      .Cases({"WRMSR", "WRMSRNS"}, Role::WriteMsr)
      .Cases({"RDMSRri", "RDMSRri_EVEX"}, Role::ReadMsrImm)
      .Cases({"WRMSRNSir", "WRMSRNSir_EVEX"}, Role::WriteMsrImm)
      .Cases({"RDMSRLIST", "WRMSRLIST"}, Role::MsrList)
      .StartsWith("NOOP", Role::Nop)
      .Cases({"MOVSB", "MOVSW", "MOVSL", "MOVSQ"}, Role::String)
      .Cases({"LODSB", "LODSW", "LODSL", "LODSQ"}, Role::String)
      .Cases({"CMPSB", "CMPSW", "CMPSL", "CMPSQ"}, Role::String)
      .Cases({"OUTSB", "OUTSW", "OUTSL"}, Role::String)
      .Default(Role::None);
}

static Effect effectOf(StringRef Name) {
  return StringSwitch<Effect>(Name)
      .Cases({"MOV32ri", "MOV32ri_alt"}, Effect::MovImm32)
      .Cases({"MOV64ri", "MOV64ri32"}, Effect::MovImm64)
      .Cases({"MOV32rr", "MOV32rr_REV"}, Effect::MovReg32)
      .Cases({"MOV64rr", "MOV64rr_REV"}, Effect::MovReg64)
      .Cases({"XOR32rr", "XOR32rr_REV", "SUB32rr", "SUB32rr_REV"},
             Effect::Zero32)
      .Cases({"XOR64rr", "XOR64rr_REV"}, Effect::Zero32)
      .Cases({"ADD32ri", "ADD32ri8"}, Effect::AddImm32)
      .Cases({"ADD64ri8", "ADD64ri32", "ADD64ri8_ND", "ADD64ri32_ND"},
             Effect::Add64)
      .Cases({"ADD64rr", "ADD64rr_REV", "ADD64rr_ND"}, Effect::Add64)
      .Case("ADD64i32", Effect::AddToRax)
      .Cases({"SUB64ri8", "SUB64ri32"}, Effect::SubImm64)
      .Cases({"SUB32ri", "SUB32ri8"}, Effect::SubImm32)
      .Cases({"OR32ri", "OR32ri8"}, Effect::OrImm32)
      .Case("INC32r", Effect::Inc32)
      .Case("DEC32r", Effect::Dec32)
      .Cases({"LEA32r", "LEA64_32r"}, Effect::Lea32)
      .Case("LEA64r", Effect::Lea64)
      .Case("MOV64rm", Effect::Load64)
      .Cases({"ADD64rm", "ADD64rm_ND"}, Effect::AddLoad64)
      .Default(Effect::Other);
}

Opcodes::Opcodes(const Decoder &D) : D(D) {
  for (StringRef Name : {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                         "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"})
    Gprs.push_back(D.registerNamed(Name));
}

int Opcodes::gpr(MCRegister R) const {
  if (!R)
    return -1;
  R = D.fullRegister(R);
  for (unsigned I = 0; I != Gprs.size(); ++I)
    if (Gprs[I] == R)
      return I;
  return -1;
}

const Opcodes::Entry &Opcodes::entry(const Insn &I) {
  unsigned Opcode = I.Inst.getOpcode();
  if (Opcode >= Entries.size())
    Entries.resize(Opcode + 1);
  Entry &E = Entries[Opcode];
  if (!E.Known) {
    StringRef Name = D.opcodeName(I);
    E = {true, roleOf(Name), effectOf(Name)};
  }
  return E;
}

} // namespace segshift::audit
