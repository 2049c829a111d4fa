//===- Options.h - the plugin's command-line options ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_OPTIONS_H
#define SEGSHIFT_PLUGIN_OPTIONS_H

namespace segshift {

/// What becomes of variables whose effective TLS model is general-dynamic or
/// local-dynamic (-segshift-tls-model=).
enum class DynamicModel { LocalExec, InitialExec, Keep };

DynamicModel dynamicModel();

/// -segshift-asm-offsets=allow
bool asmOffsetsAllowed();

/// -segshift-stats
bool statsWanted();

} // namespace segshift

#endif
