//===- AllowList.h - functions that may use FS ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions that may use FS, each with the reason why.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_ALLOWLIST_H
#define SEGSHIFT_AUDIT_ALLOWLIST_H

#include "Report.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/Regex.h"

namespace segshift::audit {

class AllowList {
public:
  /// Pattern: an extended regular expression that has to match a whole function
  /// name, as in the symbol table or demangled.
  llvm::Error add(llvm::StringRef Pattern);

  /// Lines of the form
  ///   REGEX [KIND,KIND...] REASON
  /// where the kinds, in brackets, may be left out, and the reason may not. An
  /// expression with spaces stands in double quotes.
  /// Empty lines and lines that start with # are skipped.
  llvm::Error addFile(llvm::StringRef Path);

  /// Marks S as allowed if an entry says so, or if the code is the runtime's
  /// own.
  void apply(Site &S);

  /// One site of kind unused-allow for each entry that allowed nothing.
  std::vector<Site> unused() const;

private:
  struct Entry {
    std::string Pattern, Reason, File;
    unsigned Line = 0;
    llvm::Regex Match;
    std::vector<Kind> Kinds; // empty: all
    bool Used = false;
  };
  llvm::Error add(llvm::StringRef Pattern, std::vector<Kind> Kinds,
                  llvm::StringRef Reason, llvm::StringRef File, unsigned Line);
  std::vector<Entry> Entries;
};

} // namespace segshift::audit
#endif
