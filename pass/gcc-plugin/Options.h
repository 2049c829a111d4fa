//===- Options.h - the plugin's arguments -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_OPTIONS_H
#define SEGSHIFT_GCC_PLUGIN_OPTIONS_H

struct plugin_name_args;

namespace segshift {

/// What general-dynamic and local-dynamic become.
enum class DynamicModel { LocalExec, InitialExec, Keep };

struct Options {
  DynamicModel Model = DynamicModel::LocalExec;
  bool Stats = false;
};

extern Options TheOptions;

/// Reads the -fplugin-arg-… of this plugin. An argument that it does not know
/// is an error. \returns whether all is well.
bool readOptions(const plugin_name_args &Info);

} // namespace segshift

#endif
