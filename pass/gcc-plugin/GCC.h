//===- GCC.h - GCC's own headers, in the order that they demand -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Standard headers come before these: GCC poisons names that they use.
///
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_GCC_H
#define SEGSHIFT_GCC_PLUGIN_GCC_H

// clang-format off
#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "function.h"
#include "stringpool.h"
#include "attribs.h"
#include "target.h"
#include "tm.h"
#include "basic-block.h"
#include "gimple.h"
#include "gimple-iterator.h"
#include "gimple-walk.h"
#include "cgraph.h"
#include "rtl.h"
#include "rtl-iter.h"
#include "memmodel.h"
#include "tm_p.h"
#include "emit-rtl.h"
#include "output.h"
#include "options.h"
#include "context.h"
#include "tree-pass.h"
#include "diagnostic-core.h"
#include "dumpfile.h"
#include "langhooks.h"
#include "toplev.h"
// clang-format on

#endif
