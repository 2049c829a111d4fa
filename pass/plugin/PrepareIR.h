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
class Function;
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
/// The source uses the thread pointer:
inline constexpr char UsesTLSAttr[] = "segshift-uses-tls";
/// Passes after PrepareIR will, for the canary or SafeStack's pointer:
inline constexpr char LateTLSAttr[] = "segshift-late-tls";
/// The source has pointers into FS. The value is a list of the addresses among
/// them that are constants: in hexadecimal, with a comma after each.
inline constexpr char OwnFSAttr[] = "segshift-own-fs";
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

/// Where passes after PrepareIR find a function's canary, if that is in the
/// address space of FS.
struct Canary {
  enum Kind { None, Slot, Symbol } Place = None;
  uint64_t Offset = 0;   ///< of the slot, from the FS base
  llvm::StringRef Name;  ///< of the symbol, whose value is that offset
  bool AnyLoad = false;  ///< SafeStack's load is not volatile
  bool AskedFor = false; ///< the user named the register FS
};
Canary canaryOf(const llvm::Function &F, const llvm::TargetMachine &TM);

/// SEG109, of a use of FS that nothing attributes to one side.
extern const char UnknownMessage[];

/// The variable of SafeStack's pass.
inline constexpr char UnsafeStackVariable[] = "__safestack_unsafe_stack_ptr";
/// Whether \p V is the symbol of \p Guard.
bool isCanarySymbol(const llvm::Value *V, const Canary &Guard);
/// Whether \p GV is SafeStack's, or a canary that is a variable.
bool isLateVariable(const llvm::GlobalValue &GV);

/// The address that \p Ptr is, if it is a constant in the address space of FS.
std::optional<uint64_t> constantFSAddress(const llvm::Value *Ptr,
                                          const llvm::DataLayout &DL);

/// \p TM must outlive the pass.
llvm::ModulePass *createPrepareIRPass(const llvm::TargetMachine &TM);

} // namespace segshift

#endif
