//===- Report.h - the plan in words and as JSON ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_REPORT_H
#define SEGSHIFT_REWRITE_REPORT_H

#include "Plan.h"

namespace segshift {

/// Where and what a site is, for a message:
/// ".text+0x12 (main+0x2): 64 8b 07: movl %fs:(%rdi), %eax".
std::string describeSite(const ElfObject &Obj, const Site &S);

/// One line for each site: place, action, kind, instruction, reason.
std::string planAsText(const ElfObject &Obj, const Plan &P);

/// A JSON object {"file": NAME, "sites": [...]}; docs/rewrite.md lists the
/// fields of a site.
std::string planAsJson(const ElfObject &Obj, const Plan &P);

} // namespace segshift
#endif
