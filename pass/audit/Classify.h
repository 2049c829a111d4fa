//===- Classify.h - FS and GS in one instruction ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one instruction does with FS and GS, for the audit. On its own: nothing
// here is shared with the rewriter but the decoder.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_CLASSIFY_H
#define SEGSHIFT_AUDIT_CLASSIFY_H

#include "../disasm/Elf.h"
#include "../tls/Layout.h"
#include "Opcodes.h"
#include "Report.h"
#include "VariableNames.h"
#include "llvm/ADT/SmallVector.h"

namespace segshift::audit {

struct Context {
  bool Relocatable = false;
  const tls::Layout *Tls = nullptr; // may be null
  /// Bytes from tp + 0x80 that the kernel uses; no value: not limited.
  std::optional<uint64_t> KernelArea;
  /// Further offsets of the thread control block, first and last.
  llvm::ArrayRef<std::pair<int64_t, int64_t>> TcbOffsets;
  /// For the names of relocations' symbols.
  const ElfObject *Object = nullptr;
  /// What the function around the instruction says of its address, or null.
  const Reached *Known = nullptr;
};

struct Use {
  Kind K;
  std::string What;
  /// An FS use at a fixed offset where the thread control block has the thread
  /// pointer, the canary or the pointer guard.
  bool AtContractOffset = false;
};

struct Uses {
  llvm::SmallVector<Use, 1> List;
  bool MsrInEcx = false;   // rdmsr or wrmsr: which one is for findMsrNumbers
  bool TouchesTls = false; // reaches FS or GS memory at all
};

/// Relocs: those that lie in the instruction.
void classify(Opcodes &Ops, const Insn &I, llvm::ArrayRef<Relocation> Relocs,
              const Context &C, Uses &Out);

/// The use that an access to this MSR is; none for an MSR that is not watched.
std::optional<Use> classifyMsr(bool Write, std::optional<uint32_t> Number);

/// "stack-protector canary" and so on, or "" for an offset without a name.
llvm::StringRef tcbSlotName(int64_t Offset);

} // namespace segshift::audit
#endif
