//===- Options.cpp - the plugin's arguments -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "GCC.h"

using namespace segshift;

Options segshift::TheOptions;

static bool readModel(const char *Value) {
  if (Value && strcmp(Value, "local-exec") == 0)
    TheOptions.Model = DynamicModel::LocalExec;
  else if (Value && strcmp(Value, "initial-exec") == 0)
    TheOptions.Model = DynamicModel::InitialExec;
  else if (Value && strcmp(Value, "keep") == 0)
    TheOptions.Model = DynamicModel::Keep;
  else
    return false;
  return true;
}

bool segshift::readOptions(const plugin_name_args &Info) {
  bool Good = true;
  for (int I = 0; I < Info.argc; ++I) {
    const plugin_argument &Arg = Info.argv[I];
    if (strcmp(Arg.key, "stats") == 0 && !Arg.value) {
      TheOptions.Stats = true;
    } else if (strcmp(Arg.key, "tls-model") == 0) {
      if (readModel(Arg.value))
        continue;
      Good = false;
      error("segshift: %<-fplugin-arg-%s-tls-model=%> is %<local-exec%>, "
            "%<initial-exec%> or %<keep%>, not %qs",
            Info.base_name, Arg.value ? Arg.value : "");
    } else {
      Good = false;
      error("segshift: there is no option %<-fplugin-arg-%s-%s%>; there are "
            "%<tls-model=%> and %<stats%>",
            Info.base_name, Arg.key);
    }
  }
  return Good;
}
