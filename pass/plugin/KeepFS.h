//===- KeepFS.h - functions that keep FS ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_KEEPFS_H
#define SEGSHIFT_PLUGIN_KEEPFS_H

#include "llvm/IR/PassManager.h"

namespace segshift {

/// The annotation by which a program asks for it:
/// __attribute__((annotate("segshift.keep-fs"))).
inline constexpr char KeepFSAnnotation[] = "segshift.keep-fs";

/// The function attribute that carries it through the optimiser.
inline constexpr char KeepFSAttr[] = "segshift-keep-fs";

/// Calls \p Fn for each defined function of \p M with that annotation.
void forEachKeepFSFunction(llvm::Module &M,
                           llvm::function_ref<void(llvm::Function &)> Fn);

/// Warns of an annotated function that was optimised without the plugin, and so
/// may have been inlined somewhere already.
void warnIfOptimisedWithoutPlugin(llvm::Function &F);

/// Gives the annotated functions the attribute, and keeps the inliner out of
/// them: their code must not end up where FS moves, nor other code in them.
/// Must run before any inlining.
struct KeepFSPass : llvm::PassInfoMixin<KeepFSPass> {
  /// \p LinkTime: the compiler's pipeline has run.
  explicit KeepFSPass(bool LinkTime = false) : LinkTime(LinkTime) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }

private:
  bool LinkTime;
};

} // namespace segshift

#endif
