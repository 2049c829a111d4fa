//===- AsmText.cpp - FS in the text of inline assembly --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsmText.h"
#include "llvm/Support/Regex.h"

using namespace llvm;

bool segshift::asmNamesFS(StringRef Text) {
  // Most assembly does not hold these two letters at all.
  if (!Text.contains_insensitive("fs"))
    return false;
  static const Regex FS(
      "(^|[^A-Za-z0-9_.$])(fs([^A-Za-z0-9_]|$)|(rd|wr)fsbase)",
      Regex::IgnoreCase);
  return FS.match(Text);
}

bool segshift::asmNamesTLSUnderFS(StringRef Text) {
  if (!Text.contains('@') || !asmNamesFS(Text))
    return false;
  static const Regex Direct("(^|[^A-Za-z0-9_])fs:[^;\n]*@(tpoff|ntpoff)",
                            Regex::IgnoreCase);
  static const Regex Indirect(
      "@(gottpoff|indntpoff|tlsgd|tlsld|tlsdesc|tlscall|dtpoff)",
      Regex::IgnoreCase);
  static const Regex FSOperand("(^|[^A-Za-z0-9_])fs:", Regex::IgnoreCase);
  return Direct.match(Text) || (Indirect.match(Text) && FSOperand.match(Text));
}
