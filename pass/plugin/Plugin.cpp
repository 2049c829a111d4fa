//===- Plugin.cpp - entry point of SegShift.so ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepFS.h"
#include "MoveToGS.h"
#include "PrepareIR.h"
#include "llvm-c/Core.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

// Code generation: by this callback, because clang, llc and the back ends of
// full and thin LTO all come through it, and the pass pipelines do not.
static RegisterTargetPassConfigCallback
    CodeGen([](TargetMachine &TM, PassManagerBase &PM, TargetPassConfig *TPC) {
      PM.add(segshift::createPrepareIRPass(TM));
      const Triple &T = TM.getTargetTriple();
      if (T.getArch() == Triple::x86_64 && T.isOSBinFormatELF())
        TPC->insertPass(&StackMapLivenessID, &segshift::MoveToGSID);
    });

static void registerPipelinePasses(PassBuilder &PB) {
  PB.registerPipelineStartEPCallback(
      [](ModulePassManager &MPM, OptimizationLevel) {
        MPM.addPass(segshift::KeepFSPass());
      });
  PB.registerFullLinkTimeOptimizationEarlyEPCallback(
      [](ModulePassManager &MPM, OptimizationLevel) {
        MPM.addPass(segshift::KeepFSPass(/*LinkTime=*/true));
      });
  PB.registerPipelineParsingCallback(
      [](StringRef Name, ModulePassManager &MPM,
         ArrayRef<PassBuilder::PipelineElement>) {
        if (Name != "segshift-keep-fs")
          return false;
        MPM.addPass(segshift::KeepFSPass());
        return true;
      });
}

/// The plugin uses code-generator classes whose layout may change with any
/// version: another LLVM than the one that it was built for is refused.
static void checkLLVMVersion() {
  unsigned Major, Minor, Patch;
  LLVMGetVersion(&Major, &Minor, &Patch);
  if (Major != LLVM_VERSION_MAJOR || Minor != LLVM_VERSION_MINOR)
    report_fatal_error(
        Twine("SegShift.so was built for LLVM " LLVM_VERSION_STRING
              " but is loaded by LLVM ") +
            Twine(Major) + "." + Twine(Minor) + "." + Twine(Patch) +
            "; rebuild it against this LLVM [SEG110]",
        /*gen_crash_diag=*/false);
}

extern "C" LLVM_ATTRIBUTE_WEAK
    __attribute__((visibility("default"))) PassPluginLibraryInfo
    llvmGetPassPluginInfo() {
  checkLLVMVersion();
  return {LLVM_PLUGIN_API_VERSION, "SegShift", SEGSHIFT_VERSION,
          registerPipelinePasses};
}
