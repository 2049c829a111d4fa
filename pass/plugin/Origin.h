//===- Origin.h - where a use of FS came from -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Tells the uses of FS that TLS lowering, the stack protector and SafeStack
/// made from the program's own. What it cannot attribute it calls unknown.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_ORIGIN_H
#define SEGSHIFT_PLUGIN_ORIGIN_H

#include "PrepareIR.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/MC/MCRegister.h"

namespace llvm {
class MachineFunction;
class MachineInstr;
class MachineMemOperand;
} // namespace llvm

namespace segshift {

enum class Origin {
  OwnPointer,  ///< a pointer in the address space of FS, in the source
  TLS,         ///< a thread-local variable, or the thread pointer
  Canary,      ///< the stack protector's canary, wherever it is
  UnsafeStack, ///< SafeStack's pointer
  AskedFor,    ///< the canary in FS, as -mstack-protector-guard-reg=fs says
  Unknown,
};

/// The thread-local variable that \p MI names, or that its memory operand is.
const llvm::GlobalValue *variableOf(const llvm::MachineInstr &MI);

/// What the IR half and the module say of a function.
class OriginFinder {
public:
  OriginFinder(const llvm::MachineFunction &MF, llvm::MCRegister FS);

  /// \p MI has \p FS as an explicit operand, and no OwnFSMarker.
  Origin of(const llvm::MachineInstr &MI) const;

private:
  Origin ofThreadPointer() const;
  Origin ofVariable(const llvm::GlobalValue &GV) const;
  Origin ofPointer(const llvm::MachineMemOperand &MMO) const;

  llvm::MCRegister FS;
  const llvm::DataLayout &DL;
  bool KeepFS, SourceTLS, LateTLS, OwnFS;
  Canary Guard;
  llvm::SmallVector<uint64_t, 4> OwnAddresses;
};

} // namespace segshift

#endif
