//===- PrepareIR.h - the IR half of code generation -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Runs on each module before instruction selection:
///   - picks the TLS model, so that no linker relaxation can write %fs later;
///   - moves the stack protector's canary;
///   - tells FS uses that are the program's own from the thread pointer, where
///     selection would mix them up;
///   - refuses what cannot be moved;
///   - leaves the ELF note.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_PREPAREIR_H
#define SEGSHIFT_PLUGIN_PREPAREIR_H

namespace llvm {
class ModulePass;
class TargetMachine;
} // namespace llvm

namespace segshift {

/// Address spaces of the x86 back end (llvm/lib/Target/X86/X86.h, X86AS).
enum X86AddressSpace : unsigned { AS_GS = 256, AS_FS = 257, AS_SS = 258 };

/// Function attributes by which the IR half speaks to the machine half.
/// The function uses the thread pointer:
inline constexpr char UsesTLSAttr[] = "segshift-uses-tls";
/// Its accesses to %fs:0 stand in address space 258 (%ss) until emission, so
/// that selection does not merge them with the thread pointer's load:
inline constexpr char FSZeroInSSAttr[] = "segshift-fs0-in-ss";
/// It has inline assembly or intrinsics with FS:
inline constexpr char HasFSAsmAttr[] = "segshift-fs-asm";
/// Module flag: the canary was moved.
inline constexpr char CanaryMovedFlag[] = "segshift-canary-moved";

/// Whether an inline-assembly text names FS.
bool asmNamesFS(const char *Text);

/// \p TM must outlive the pass.
llvm::ModulePass *createPrepareIRPass(const llvm::TargetMachine &TM);

} // namespace segshift

#endif
