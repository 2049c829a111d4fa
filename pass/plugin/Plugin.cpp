//===- Plugin.cpp - entry point of SegShift.so ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepFS.h"
#include "MoveToGS.h"
#include "PrepareIR.h"
#include "llvm-c/Core.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/Target/TargetMachine.h"
#include <dlfcn.h>

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

/// The new pass manager builds a code generator without asking the callback
/// above. This is the first pass of any that it builds.
static void refuseNewCodeGen(StringRef Pass, const Any &) {
  if (Pass.contains("MachineModuleAnalysis"))
    report_fatal_error("segshift: a code generator of the new pass manager "
                       "does not run the plugin's passes, and would leave TLS "
                       "in %fs; use the legacy one [SEG113]",
                       /*gen_crash_diag=*/false);
}

/// llc asks no plugin for its passes, but asks for this.
static bool beforeCodeGen(Module &, TargetMachine &, CodeGenFileType,
                          raw_pwrite_stream &) {
  cl::Option *NewPM = cl::getRegisteredOptions().lookup("enable-new-pm");
  if (NewPM && static_cast<cl::opt<bool> *>(NewPM)->getValue())
    refuseNewCodeGen("MachineModuleAnalysis", {});
  return false;
}

/// Which build of the plugin this is: a hash of the file, in hexadecimal.
static std::string buildIdentity() {
  Dl_info Info;
  if (!dladdr(reinterpret_cast<void *>(&buildIdentity), &Info))
    return "";
  auto File = MemoryBuffer::getFile(Info.dli_fname);
  return File ? utohexstr(xxh3_64bits((*File)->getBuffer())) : "";
}

namespace {
/// Writes the plugin's identity into bitcode for thin LTO. The linker's cache
/// goes by a hash of the bitcode, and knows nothing of plugins.
struct StampPass : PassInfoMixin<StampPass> {
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    static const std::string Identity = buildIdentity();
    LLVMContext &Ctx = M.getContext();
    M.getOrInsertNamedMetadata("segshift.plugin")
        ->addOperand(MDNode::get(Ctx, MDString::get(Ctx, Identity)));
    return PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};
} // namespace

static void registerPipelinePasses(PassBuilder &PB) {
  if (PassInstrumentationCallbacks *PIC = PB.getPassInstrumentationCallbacks())
    PIC->registerBeforeNonSkippedPassCallback(refuseNewCodeGen);
  PB.registerOptimizerLastEPCallback(
      [](ModulePassManager &MPM, OptimizationLevel, ThinOrFullLTOPhase Phase) {
        if (Phase == ThinOrFullLTOPhase::ThinLTOPreLink)
          MPM.addPass(StampPass());
      });
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
          registerPipelinePasses, beforeCodeGen};
}
