//===- TLSModel.cpp - dynamic TLS models become static --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TLSModel.h"
#include "Options.h"
#include "Target.h"

using namespace segshift;

static void (*GCCsEncodeSectionInfo)(tree, rtx, int);

static void setModel(tree Decl) {
  if (TheOptions.Model == DynamicModel::Keep)
    return;
  switch (DECL_TLS_MODEL(Decl)) {
  case TLS_MODEL_GLOBAL_DYNAMIC:
  case TLS_MODEL_LOCAL_DYNAMIC:
    set_decl_tls_model(Decl, TheOptions.Model == DynamicModel::LocalExec
                                 ? TLS_MODEL_LOCAL_EXEC
                                 : TLS_MODEL_INITIAL_EXEC);
    break;
  default:
    break;
  }
}

/// The one place that all symbols come through: variables of the source, of LTO
/// and those that GCC makes itself (counters of profiles). The model is copied
/// from the declaration into the symbol here, and only the symbol's counts.
static void encodeSectionInfo(tree Decl, rtx Symbol, int First) {
  if (VAR_P(Decl) && DECL_THREAD_LOCAL_P(Decl)) {
    if (isSupportedTarget())
      setModel(Decl);
    else if (First && !TARGET_64BIT)
      warning_at(DECL_SOURCE_LOCATION(Decl), 0,
                 "segshift: thread-local variable %qD stays as it is: the "
                 "target is not x86-64 [SEG106]",
                 Decl);
  }
  GCCsEncodeSectionInfo(Decl, Symbol, First);
}

void segshift::overrideTLSModel() {
  GCCsEncodeSectionInfo = targetm.encode_section_info;
  targetm.encode_section_info = encodeSectionInfo;
}
