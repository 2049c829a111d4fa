//===- Report.cpp - what an audit found -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Report.h"
#include <set>
#include <tuple>

using namespace llvm;

namespace segshift::audit {

static const KindInfo Kinds[] = {
#define KIND(NAME, ID, SEVERITY, SUMMARY, MEND)                                \
  {Kind::NAME, ID, Severity::SEVERITY, SUMMARY, MEND},
#include "Kinds.def"
};

ArrayRef<KindInfo> allKinds() { return Kinds; }

const KindInfo &info(Kind K) { return Kinds[unsigned(K)]; }

const KindInfo *findKind(StringRef Id) {
  for (const KindInfo &I : Kinds)
    if (I.Id == Id)
      return &I;
  return nullptr;
}

static void add(Totals &T, const Site &S) {
  switch (S.St) {
  case Status::Allowed:
    ++T.Allowed;
    break;
  case Status::Marked:
    ++T.Marked;
    T.MarkedAtContract += S.AtContractOffset;
    break;
  case Status::Reported:
    ++(S.Sev == Severity::Finding ? T.Findings : T.Notes);
    break;
  }
}

Totals count(const Report &R) {
  Totals T;
  std::set<std::tuple<StringRef, StringRef, StringRef>> Functions;
  for (const FileReport &F : R.Files)
    for (const Site &S : F.Sites) {
      add(T, S);
      if (S.St == Status::Reported && S.Sev == Severity::Finding)
        Functions.insert({F.Name, S.Section, S.Function});
    }
  for (const Site &S : R.Loose)
    add(T, S);
  T.Functions = Functions.size();
  return T;
}

} // namespace segshift::audit
