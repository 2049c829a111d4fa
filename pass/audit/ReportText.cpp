//===- ReportText.cpp - the report as text --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The report as text: one line for each site, compiler style, and a second,
// indented one with the code. docs/audit.md shows it.
//
//===----------------------------------------------------------------------===//
#include "Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <set>

using namespace llvm;

namespace segshift::audit {

static StringRef level(const Site &S) {
  if (S.St == Status::Allowed)
    return "allowed";
  if (S.St == Status::Marked)
    return "on purpose";
  return S.Sev == Severity::Finding ? "finding" : "note";
}

static void writePlace(raw_ostream &OS, const FileReport *F, const Site &S) {
  if (S.Source) {
    OS << S.Source->File << ':' << S.Source->Line << ':';
    if (S.Source->Column)
      OS << S.Source->Column << ':';
  } else if (F) {
    OS << F->Name << ':';
    if (!S.Section.empty())
      OS << S.Section << "+0x" << utohexstr(S.Address, true) << ':';
  }
  OS << ' ';
}

static void writeSite(raw_ostream &OS, const FileReport *F, const Site &S) {
  writePlace(OS, F, S);
  OS << level(S) << ": " << S.What;
  if (!S.Function.empty())
    OS << ", in " << S.FunctionReadable << "+0x"
       << utohexstr(S.FunctionOffset, true);
  OS << " [" << info(S.K).Id << "]\n";
  if (!S.Bytes.empty()) {
    OS << "    " << F->Name << ' ' << S.Section << " 0x"
       << utohexstr(S.Address, true) << ':';
    for (uint8_t B : S.Bytes)
      OS << format(" %02x", B);
    OS << "  " << S.Assembly << '\n';
  }
  if (!S.Object.empty())
    OS << "    from " << S.Object << '\n';
  if (!S.Reason.empty())
    OS << "    because: " << S.Reason << '\n';
}

void writeText(raw_ostream &OS, const Report &R, bool Quiet) {
  std::set<Kind> Seen;
  auto Shown = [&](const Site &S) {
    bool Finding = S.St == Status::Reported && S.Sev == Severity::Finding;
    if (Finding)
      Seen.insert(S.K);
    return Finding || !Quiet;
  };

  for (const FileReport &F : R.Files) {
    const Site *Last = nullptr;
    for (const Site &S : F.Sites) {
      if (!Shown(S))
        continue;
      if (!S.Function.empty() &&
          (!Last || Last->Function != S.Function || Last->Section != S.Section))
        OS << F.Name << ": in function '" << S.FunctionReadable << "':\n";
      writeSite(OS, &F, S);
      Last = &S;
    }
  }
  for (const Site &S : R.Loose)
    if (Shown(S))
      writeSite(OS, nullptr, S);

  for (Kind K : Seen)
    OS << "hint: " << info(K).Id << ": " << info(K).Mend << '\n';

  // After an error "0 files: 0 findings" would look like a result.
  if (R.Files.empty() && R.NotRead)
    return;
  Totals T = count(R);
  OS << R.Files.size() << (R.Files.size() == 1 ? " file: " : " files: ")
     << T.Findings << (T.Findings == 1 ? " finding" : " findings");
  if (T.Findings)
    OS << " in " << T.Functions
       << (T.Functions == 1 ? " function" : " functions");
  OS << ", " << T.Allowed << " allowed, " << T.Marked << " on purpose, "
     << T.Notes << (T.Notes == 1 ? " note" : " notes");
  if (R.NotRead)
    OS << "; " << R.NotRead << " not read";
  OS << '\n';
  if (T.MarkedAtContract)
    OS << T.MarkedAtContract
       << " on purpose by the contract's own offsets (thread pointer, canary, "
          "pointer guard): in a kernel usually a mistake; look at each\n";
}

} // namespace segshift::audit
