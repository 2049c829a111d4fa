//===- Decoder.h - x86-64 instruction decoder ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One x86-64 instruction at a time, by LLVM's MCDisassembler, with what the
// tools ask about it: prefix bytes, the memory operand, and control flow.
//
// Instruction format: Intel SDM volume 2, chapter 2.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_DECODER_H
#define SEGSHIFT_DISASM_DECODER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrDesc.h"
#include "llvm/MC/MCRegister.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>

namespace segshift {

enum class SegReg : uint8_t { None, FS, GS, Other };

/// A memory operand `segment:disp(base,index,scale)`. A register that is not
/// there is MCRegister() (0).
struct MemOperand {
  llvm::MCRegister Base, Index;
  SegReg Segment = SegReg::None;
  unsigned Scale = 1;
  int64_t Disp = 0;
  /// Index of the first MCInst operand that belongs to it.
  unsigned FirstOperand = 0;
};

/// How an instruction changes control flow.
enum class Flow : uint8_t {
  Next,         ///< to the next instruction only
  Branch,       ///< conditional branch: Target or the next instruction
  Jump,         ///< unconditional jump to Target
  IndirectJump, ///< unconditional jump through register or memory
  Call,         ///< direct call to Target, then the next instruction
  IndirectCall, ///< call through register or memory
  Stop          ///< ret, ud2, hlt, iret, sysret: never the next instruction
};

/// One decoded instruction. Bytes points into the buffer that was decoded and
/// includes all prefixes (also lock and rep, which LLVM decodes on their own).
struct Insn {
  uint64_t Address = 0;
  llvm::ArrayRef<uint8_t> Bytes;
  llvm::MCInst Inst;
  Flow ControlFlow = Flow::Next;
  /// Target of a direct branch or call. In a relocatable object a relocation
  /// may stand over the field; then this is meaningless.
  uint64_t Target = 0;
  /// The segment of the last segment-override prefix, and that prefix's index
  /// in Bytes. Index is meaningless with SegReg::None.
  SegReg Override = SegReg::None;
  uint8_t OverrideIndex = 0;
  /// Number of segment-override prefixes among the legacy prefixes, and
  /// whether all are the same byte.
  uint8_t NumOverrides = 0;
  bool SameOverrides = true;
  /// Number of legacy-prefix bytes in front (REX, VEX, EVEX not counted).
  uint8_t NumPrefixes = 0;
  /// The memory operand; for string instructions the source.
  std::optional<MemOperand> Mem;
  /// True when the override prefix changes which memory is reached. False for
  /// lea, multi-byte nops and instructions without a memory operand.
  bool OverrideMatters = false;

  uint64_t end() const { return Address + Bytes.size(); }
  bool reaches(SegReg S) const { return OverrideMatters && Override == S; }
};

/// The decoder holds LLVM's MC objects; it is not safe to share one between
/// threads. Creating one takes about a millisecond; see forThread().
class Decoder {
public:
  static llvm::Expected<std::unique_ptr<Decoder>> create();
  /// A decoder that belongs to the calling thread. Fatal error when libLLVM
  /// has no x86 target; main checks this once by create().
  static Decoder &forThread();
  ~Decoder();

  /// Decodes the instruction at the front of \p Bytes. \returns false when
  /// the bytes are no valid instruction.
  bool decode(llvm::ArrayRef<uint8_t> Bytes, uint64_t Address, Insn &Out) const;

  /// The instruction in AT&T syntax, on one line without leading white space.
  std::string print(const Insn &I) const;

  /// LLVM's name of the opcode, e.g. "MOV64rm".
  llvm::StringRef opcodeName(const Insn &I) const;
  /// LLVM's name of a register, e.g. "RAX"; "" for none.
  llvm::StringRef registerName(llvm::MCRegister R) const;
  /// The 64-bit general-purpose register that contains \p R (RAX for AL), or R
  /// itself when it is no general-purpose register.
  llvm::MCRegister fullRegister(llvm::MCRegister R) const;
  /// The register of that LLVM name, e.g. "RAX".
  llvm::MCRegister registerNamed(llvm::StringRef Name) const;
  const llvm::MCInstrDesc &desc(const Insn &I) const;
  /// Calls \p F with every register that the instruction writes, implicit ones
  /// too (not those that a called function may clobber).
  void forEachDef(const Insn &I,
                  llvm::function_ref<void(llvm::MCRegister)> F) const;

private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> P);
  std::unique_ptr<Impl> P;
};

/// Cheap test whether the bytes at \p Index, a segment-override byte, may be
/// an override in front of an instruction with a memory operand. False means
/// no; true means "decode to know".
bool mayBeOverride(llvm::ArrayRef<uint8_t> Bytes, size_t Index);

/// Offset of the first byte at or after \p From that is \p Prefix and passes
/// mayBeOverride, or Bytes.size().
size_t findOverride(llvm::ArrayRef<uint8_t> Bytes, size_t From,
                    uint8_t Prefix = 0x64);

constexpr uint8_t FSPrefix = 0x64, GSPrefix = 0x65;

} // namespace segshift
#endif
