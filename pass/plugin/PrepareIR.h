//===- PrepareIR.h - the IR half of code generation -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Runs on each module before instruction selection:
///   - picks the TLS model, so that no linker relaxation can write %fs later;
///   - tells FS uses that are the program's own from the thread pointer, where
///     selection would mix them up;
///   - refuses what cannot be moved;
///   - leaves the ELF note.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_PREPAREIR_H
#define SEGSHIFT_PLUGIN_PREPAREIR_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace llvm {
class DataLayout;
class GlobalValue;
class Module;
class ModulePass;
class TargetMachine;
class Value;
} // namespace llvm

namespace segshift {

/// Address spaces of the x86 back end (llvm/lib/Target/X86/X86.h, X86AS).
enum X86AddressSpace : unsigned { AS_GS = 256, AS_FS = 257 };

/// Function attributes by which the IR half speaks to the machine half.
/// The function uses the thread pointer:
inline constexpr char UsesTLSAttr[] = "segshift-uses-tls";
/// Its own accesses to %fs:0, or to the canary's place, have OwnFSMarker added
/// to their address until emission:
inline constexpr char MarkedOwnFSAttr[] = "segshift-marked-own-fs";
/// So that they are neither merged with the thread pointer's load, nor taken
/// for it or the stack protector's. Selection compares addresses, not address
/// spaces, when it folds a load and a store into one instruction. As a
/// displacement it has the size of 0; like 0 it has many trailing zeros, being
/// an address.
inline constexpr int64_t OwnFSMarker = 0x5e600000;
inline constexpr int64_t OwnFSMarkerEnd = OwnFSMarker + 0x100000;
/// It has inline assembly or intrinsics with FS:
inline constexpr char HasFSAsmAttr[] = "segshift-fs-asm";
/// Where the stack protector of a function that must move finds its canary.
/// Nothing if it does not use FS, or the user named its register.
struct Canary {
  uint64_t Offset;                 ///< from the FS base, or
  const llvm::GlobalValue *Symbol; ///< this symbol's value from there
};
std::optional<Canary> canaryInFS(const llvm::Module &M,
                                 const llvm::TargetMachine &TM);

/// The address that \p Ptr is, if it is a constant in the address space of FS.
std::optional<uint64_t> constantFSAddress(const llvm::Value *Ptr,
                                          const llvm::DataLayout &DL);

/// Whether an inline-assembly text names FS.
bool asmNamesFS(llvm::StringRef Text);

/// \p TM must outlive the pass.
llvm::ModulePass *createPrepareIRPass(const llvm::TargetMachine &TM);

} // namespace segshift

#endif
