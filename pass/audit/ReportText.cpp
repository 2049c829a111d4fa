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
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <map>
#include <set>
#include <tuple>

using namespace llvm;

namespace segshift::audit {

namespace {

StringRef level(const Site &S) {
  if (S.St == Status::Allowed)
    return "allowed";
  if (S.St == Status::Marked)
    return "on purpose";
  return S.Sev == Severity::Finding ? "finding" : "note";
}

void writePlace(raw_ostream &OS, const FileReport *F, const Site &S) {
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

void writeSite(raw_ostream &OS, const FileReport *F, const Site &S) {
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

// What one macro or one inlined function writes in many places is one thing to
// look at: sites that are alike are shown as their first, with the others'
// places. An inlined function has one line. A macro has none of its own, so
// that alike means the same code: enough times, and only where it names no
// variable, each of which is a use by itself.
class Groups {
public:
  Groups(ArrayRef<Site> Sites, bool Expand) {
    if (Expand)
      return;
    Alike Lines, Texts;
    for (const Site &S : Sites)
      if (S.Source && isCode(S))
        Lines[{S.K, S.St, S.What, S.Assembly, S.Source->File, S.Source->Line}]
            .push_back(&S);
    add(Lines, 2);
    for (const Site &S : Sites)
      if (isCode(S) && !Of.count(&S) && namesNoVariable(S))
        Texts[{S.K, S.St, S.What, S.Assembly, S.Reason, 0}].push_back(&S);
    add(Texts, 4);
  }

  // The sites that are alike and S among them; none if S is shown by itself.
  ArrayRef<const Site *> of(const Site &S) const {
    auto It = Of.find(&S);
    if (It == Of.end())
      return {};
    return Lists[It->second];
  }
  bool isFirst(const Site &S) const {
    ArrayRef<const Site *> List = of(S);
    return List.empty() || List.front() == &S;
  }

private:
  using Key =
      std::tuple<Kind, Status, StringRef, StringRef, StringRef, unsigned>;
  using Alike = std::map<Key, std::vector<const Site *>>;

  static bool isCode(const Site &S) {
    return !S.Bytes.empty() && !S.Function.empty();
  }
  static bool namesNoVariable(const Site &S) {
    return (S.K != Kind::FsMemory && S.K != Kind::FsString &&
            S.K != Kind::TlsRelax) ||
           S.AtContractOffset;
  }
  void add(Alike &Found, size_t AtLeast) {
    for (auto &[K, List] : Found) {
      if (List.size() < AtLeast)
        continue;
      for (const Site *S : List)
        Of[S] = Lists.size();
      Lists.push_back(std::move(List));
    }
  }

  std::vector<std::vector<const Site *>> Lists;
  DenseMap<const Site *, size_t> Of; // to its list
};

void writeOthers(raw_ostream &OS, ArrayRef<const Site *> Group) {
  if (Group.empty())
    return;
  constexpr size_t Most = 4;
  OS << "    and the same in " << Group.size() - 1
     << (Group.size() == 2 ? " more place:" : " more places:");
  for (const Site *S : Group.drop_front().take_front(Most))
    OS << ' ' << S->FunctionReadable << "+0x"
       << utohexstr(S->FunctionOffset, true) << (S == Group.back() ? "" : ",");
  OS << (Group.size() - 1 > Most ? " ... (--expand lists each)\n"
                                 : " (--expand lists each)\n");
}

} // namespace

void writeText(raw_ostream &OS, const Report &R, const TextOptions &O) {
  std::set<Kind> Seen;
  auto Shown = [&](const Site &S) {
    bool Finding = S.St == Status::Reported && S.Sev == Severity::Finding;
    if (Finding)
      Seen.insert(S.K);
    return Finding || !O.Quiet;
  };

  for (const FileReport &F : R.Files) {
    const Site *Last = nullptr;
    const Groups Alike(F.Sites, O.Expand);
    for (const Site &S : F.Sites) {
      if (!Shown(S) || !Alike.isFirst(S))
        continue;
      if (!S.Function.empty() &&
          (!Last || Last->Function != S.Function || Last->Section != S.Section))
        OS << F.Name << ": in function '" << S.FunctionReadable << "':\n";
      writeSite(OS, &F, S);
      writeOthers(OS, Alike.of(S));
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
