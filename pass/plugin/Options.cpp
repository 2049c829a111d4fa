//===- Options.cpp - the plugin's command-line options --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using segshift::DynamicModel;

static cl::OptionCategory Category("segshift options");

static cl::opt<DynamicModel> TLSModelOption(
    "segshift-tls-model", cl::cat(Category), cl::init(DynamicModel::LocalExec),
    cl::desc("TLS model in place of general-dynamic and local-dynamic"),
    cl::values(clEnumValN(DynamicModel::LocalExec, "local-exec",
                          "code linked into the kernel image (default)"),
               clEnumValN(DynamicModel::InitialExec, "initial-exec",
                          "kernel modules that use the kernel's variables"),
               clEnumValN(DynamicModel::Keep, "keep",
                          "shared modules with dynamic TLS of their own")));

enum class AsmOffsets { Warn, Allow };

static cl::opt<AsmOffsets> AsmOffsetsOption(
    "segshift-asm-offsets", cl::cat(Category), cl::init(AsmOffsets::Warn),
    cl::desc("Assembly that uses the thread control block's places under %fs"),
    cl::values(clEnumValN(AsmOffsets::Warn, "warn", "warn of it (default)"),
               clEnumValN(AsmOffsets::Allow, "allow",
                          "it means the application's")));

static cl::opt<bool>
    StatsOption("segshift-stats", cl::cat(Category),
                cl::desc("Print how many FS uses were moved and left alone"));

DynamicModel segshift::dynamicModel() { return TLSModelOption; }
bool segshift::asmOffsetsAllowed() {
  return AsmOffsetsOption == AsmOffsets::Allow;
}
bool segshift::statsWanted() { return StatsOption; }
