//===- Opcodes.h - what the audit knows of opcodes --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the audit has to know about X86 opcodes. LLVM's opcode numbers are not
// in its public headers, so they are found by name, each once.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_OPCODES_H
#define SEGSHIFT_AUDIT_OPCODES_H

#include "../disasm/Decoder.h"
#include <cstdint>
#include <vector>

namespace segshift::audit {

/// Roles of an opcode in finding segment uses.
enum class Role : uint8_t {
  None,
  PushFs,
  PopFs,
  LoadFarFs, // lfs
  LoadFarGs, // lgs
  PopGs,
  MovToSegment,
  MovFromSegment,
  ReadFsBase,
  WriteFsBase,
  ReadGsBase,
  WriteGsBase,
  Swapgs,
  Lkgs,
  ReadMsr,     // number in ECX
  WriteMsr,    // number in ECX
  ReadMsrImm,  // number in the instruction
  WriteMsrImm, // number in the instruction
  MsrList,     // numbers in memory
  Nop,         // its memory operand is not accessed
  String,      // movs, lods, cmps, outs: source at (%rsi)
};

/// Effect of an opcode on constants in general registers.
enum class Effect : uint8_t {
  Other, // whatever it defines becomes unknown
  MovImm32,
  MovImm64,
  MovReg32,
  MovReg64,
  Zero32, // xor or sub of two registers: zero if they are the same
  AddImm32,
  Add64,    // of a register and a register or immediate
  AddToRax, // of an immediate; the register is not an operand
  SubImm32,
  SubImm64,
  OrImm32,
  Inc32,
  Dec32,
  Lea32,
  Lea64,
  Load64,
  AddLoad64,
};

class Opcodes {
public:
  explicit Opcodes(const Decoder &D);

  Role role(const Insn &I) { return entry(I).R; }
  Effect effect(const Insn &I) { return entry(I).E; }

  /// 0..15 for rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8...r15 and their
  /// parts; -1 for any other register.
  int gpr(llvm::MCRegister R) const;

  const Decoder &decoder() const { return D; }

private:
  struct Entry {
    bool Known = false;
    Role R = Role::None;
    Effect E = Effect::Other;
  };
  const Entry &entry(const Insn &I);

  const Decoder &D;
  std::vector<Entry> Entries;         // by opcode
  std::vector<llvm::MCRegister> Gprs; // the 64-bit ones, by number
};

enum : int { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi }; // numbers of gpr()

} // namespace segshift::audit
#endif
