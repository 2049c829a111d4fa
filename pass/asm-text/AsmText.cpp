//===- AsmText.cpp - what inline assembly says of FS ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsmText.h"
#include <algorithm>
#include <string>

using std::string;
using std::string_view;

static bool isLetterOrDigit(char C) {
  return (C >= 'a' && C <= 'z') || (C >= '0' && C <= '9') || C == '_';
}

static string lowerCase(string_view Text) {
  string Result(Text);
  for (char &C : Result)
    if (C >= 'A' && C <= 'Z')
      C += 'a' - 'A';
  return Result;
}

/// Calls \p Fn with what follows each \p Word that begins a word in \p Text,
/// until it returns true. \returns whether it did. A name may have \p Extra.
template <typename Function>
static bool anyWord(string_view Text, string_view Word, string_view Extra,
                    Function Fn) {
  for (size_t At = 0; (At = Text.find(Word, At)) != string_view::npos; ++At)
    if ((At == 0 || (!isLetterOrDigit(Text[At - 1]) &&
                     Extra.find(Text[At - 1]) == string_view::npos)) &&
        Fn(Text.substr(At + Word.size())))
      return true;
  return false;
}

static bool namesFS(string_view Lower) {
  return anyWord(Lower, "fs", ".$",
                 [](string_view Rest) {
                   return Rest.empty() || !isLetterOrDigit(Rest[0]);
                 }) ||
         anyWord(Lower, "rdfsbase", ".$", [](string_view) { return true; }) ||
         anyWord(Lower, "wrfsbase", ".$", [](string_view) { return true; });
}

bool segshift::asmNamesFS(string_view Text) { return namesFS(lowerCase(Text)); }

bool segshift::asmNamesTLSUnderFS(string_view Text) {
  if (Text.find('@') == string_view::npos)
    return false;
  const string Lower = lowerCase(Text);
  if (!namesFS(Lower))
    return false;
  auto NamesOffset = [](string_view Rest) {
    string_view Statement = Rest.substr(0, Rest.find_first_of(";\n"));
    return Statement.find("@tpoff") != string_view::npos ||
           Statement.find("@ntpoff") != string_view::npos;
  };
  if (anyWord(Lower, "fs:", "", NamesOffset))
    return true;
  constexpr string_view Others[] = {"@gottpoff", "@indntpoff", "@tlsgd",
                                    "@tlsld",    "@tlsdesc",   "@tlscall",
                                    "@dtpoff"};
  return anyWord(Lower, "fs:", "", [](string_view) { return true; }) &&
         std::any_of(std::begin(Others), std::end(Others), [&](string_view S) {
           return Lower.find(S) != string::npos;
         });
}
