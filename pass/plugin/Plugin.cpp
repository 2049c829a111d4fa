// Entry point of SegShift.so.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "llvm/Plugins/PassPlugin.h"

extern "C" LLVM_ATTRIBUTE_WEAK llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "SegShift", "0.1.0",
          [](llvm::PassBuilder &) {}};
}
