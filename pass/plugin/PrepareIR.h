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
enum X86AddressSpace : unsigned { AS_GS = 256, AS_FS = 257, AS_SS = 258 };

/// Function attributes by which the IR half speaks to the machine half.
/// The function uses the thread pointer:
inline constexpr char UsesTLSAttr[] = "segshift-uses-tls";
/// Its accesses to %fs:0, or to the canary's place, stand in address space 258
/// (%ss) until emission, so that they are not taken for the thread pointer's
/// load or the stack protector's:
inline constexpr char OwnFSInSSAttr[] = "segshift-own-fs-in-ss";
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
bool asmNamesFS(const char *Text);

/// \p TM must outlive the pass.
llvm::ModulePass *createPrepareIRPass(const llvm::TargetMachine &TM);

} // namespace segshift

#endif
