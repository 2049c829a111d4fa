//===- KeepFS.cpp - functions that keep FS --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepFS.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

void segshift::forEachKeepFSFunction(Module &M,
                                     function_ref<void(Function &)> Fn) {
  // Clang puts annotations into an array of {function, string, file, line, …}.
  GlobalVariable *Annotations = M.getGlobalVariable("llvm.global.annotations");
  if (!Annotations || !Annotations->hasInitializer())
    return;
  auto *Array = dyn_cast<ConstantArray>(Annotations->getInitializer());
  if (!Array)
    return;
  for (Value *Entry : Array->operands()) {
    auto *Struct = dyn_cast<ConstantStruct>(Entry);
    if (!Struct || Struct->getNumOperands() < 2)
      continue;
    auto *F = dyn_cast<Function>(Struct->getOperand(0)->stripPointerCasts());
    StringRef Text;
    if (F && !F->isDeclaration() &&
        getConstantStringInfo(Struct->getOperand(1), Text) &&
        Text == KeepFSAnnotation)
      Fn(*F);
  }
}

void segshift::warnIfOptimisedWithoutPlugin(Function &F) {
  if (F.hasFnAttribute(KeepFSAttr) || F.hasFnAttribute(Attribute::NoInline))
    return;
  F.getContext().diagnose(DiagnosticInfoGeneric(
      Twine("segshift: function '") + F.getName() +
          "' is marked segshift.keep-fs but was optimised without the plugin; "
          "load it when compiling too, or add noinline [SEG107]",
      DS_Warning));
}

PreservedAnalyses segshift::KeepFSPass::run(Module &M,
                                            ModuleAnalysisManager &) {
  bool Changed = false;
  forEachKeepFSFunction(M, [&](Function &F) {
    Changed = true;
    if (LinkTime)
      warnIfOptimisedWithoutPlugin(F);
    F.addFnAttr(KeepFSAttr);
    F.removeFnAttr(Attribute::AlwaysInline);
    F.addFnAttr(Attribute::NoInline);
    for (Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || Call->isInlineAsm())
        continue;
      Call->removeFnAttr(Attribute::AlwaysInline);
      Call->setIsNoInline();
    }
  });
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
