//===- AllowList.cpp - functions that may use FS --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "AllowList.h"
#include "command/Input.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/LineIterator.h"

using namespace llvm;

namespace segshift::audit {

Error AllowList::add(StringRef Pattern, std::vector<Kind> Kinds,
                     StringRef Reason, StringRef File, unsigned Line) {
  Entry E{Pattern.str(),
          Reason.str(),
          File.str(),
          Line,
          Regex("^(" + Pattern.str() + ")$"),
          std::move(Kinds)};
  std::string Why;
  if (!E.Match.isValid(Why))
    return createStringError("'" + Pattern +
                             "' is no regular expression: " + Why);
  Entries.push_back(std::move(E));
  return Error::success();
}

Error AllowList::add(StringRef Pattern) {
  if (Pattern.empty())
    return createStringError("--allow needs a regular expression");
  return add(Pattern, {}, "--allow=" + Pattern.str(), "", 0);
}

Error AllowList::addFile(StringRef Path) {
  auto Buffer = readText(Path);
  if (!Buffer)
    return Buffer.takeError();
  for (line_iterator L(**Buffer, /*SkipBlanks=*/true, '#'); !L.is_at_end();
       ++L) {
    auto Fail = [&](const Twine &Message) {
      return createStringError(Path + ":" + Twine(L.line_number()) + ": " +
                               Message + " [SEG301]");
    };
    StringRef Rest = L->trim();
    if (Rest.empty() || Rest.starts_with("#"))
      continue;
    StringRef Pattern;
    if (Rest.consume_front("\"")) {
      size_t Quote = Rest.find('"');
      if (Quote == StringRef::npos)
        return Fail("'\"' without a second one");
      Pattern = Rest.take_front(Quote);
      Rest = Rest.drop_front(Quote + 1);
    } else {
      Pattern = Rest.take_until([](char C) { return C == ' ' || C == '\t'; });
      Rest = Rest.drop_front(Pattern.size());
    }
    Rest = Rest.ltrim();

    std::vector<Kind> Kinds;
    if (Rest.consume_front("[")) {
      auto [List, After] = Rest.split(']');
      if (List.size() == Rest.size())
        return Fail("'[' without ']'");
      Rest = After.ltrim();
      SmallVector<StringRef> Names;
      List.split(Names, ',');
      for (StringRef Name : Names) {
        const KindInfo *I = findKind(Name.trim());
        if (!I)
          return Fail("'" + Name.trim() +
                      "' is no kind of finding (docs/audit.md lists them)");
        Kinds.push_back(I->K);
      }
    }
    if (Rest.empty())
      return Fail(
          "entry '" + Pattern +
          "' has no reason; write after the expression why FS is meant");
    if (Error E = add(Pattern, std::move(Kinds), Rest, Path, L.line_number()))
      return Fail(toString(std::move(E)));
  }
  return Error::success();
}

// The runtime reads and writes bases for whoever calls it: in functions of
// libsegshift.a, and in those of segshift/base.h, which are always inlined and
// known by their line.
static bool isOfRuntime(const Site &S) {
  switch (S.K) {
  case Kind::FsBase:
  case Kind::FsMsr:
  case Kind::GsBase:
  case Kind::GsMsr:
    break;
  default:
    return false;
  }
  if (S.Source) {
    StringRef File = S.Source->File;
    if (File.consume_back("segshift/base.h") &&
        (File.empty() || File.ends_with("/")))
      return true;
  }
  return StringSwitch<bool>(S.Function)
      .Cases({"segshift_app_arch_prctl", "segshift_base_init",
              "segshift_base_init_cpu"},
             true)
      .Default(false);
}

void AllowList::apply(Site &S) {
  if (S.Function.empty())
    return;
  for (Entry &E : Entries) {
    if (!E.Kinds.empty() && !is_contained(E.Kinds, S.K))
      continue;
    if (!E.Match.match(S.Function) && !E.Match.match(S.FunctionReadable))
      continue;
    E.Used = true;
    S.St = Status::Allowed;
    S.Reason = E.Reason;
    return;
  }
  if (isOfRuntime(S)) {
    S.St = Status::Allowed;
    S.Reason = "segshift's runtime, by segshift/base.h";
  }
}

std::vector<Site> AllowList::unused() const {
  std::vector<Site> Result;
  for (const Entry &E : Entries) {
    if (E.Used)
      continue;
    Site S;
    S.K = Kind::UnusedAllow;
    S.Sev = info(S.K).Default;
    S.What = "allow entry '" + E.Pattern + "' allowed nothing";
    if (!E.File.empty())
      S.Source = SourcePlace{E.File, E.Line, 0};
    Result.push_back(std::move(S));
  }
  return Result;
}

} // namespace segshift::audit
