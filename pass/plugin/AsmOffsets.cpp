//===- AsmOffsets.cpp - fixed addresses in FS that assembly names ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsmOffsets.h"
#include "../asm-text/AsmText.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace llvm;

namespace {
/// A number as assemblers read it: sums, products and parentheses.
class Expression {
public:
  using Operands = function_ref<std::optional<int64_t>(unsigned)>;
  Expression(StringRef Text, Operands Operand) : Rest(Text), Operand(Operand) {}

  std::optional<int64_t> value() {
    int64_t V = sum();
    return Bad || !Rest.empty() ? std::nullopt : std::optional(V);
  }

private:
  int64_t sum() {
    int64_t V = product();
    while (!Bad && !Rest.empty() &&
           (Rest.front() == '+' || Rest.front() == '-'))
      V = Rest.consume_front("+") ? V + product()
                                  : (Rest = Rest.drop_front(), V - product());
    return V;
  }
  int64_t product() {
    int64_t V = factor();
    while (!Bad && Rest.consume_front("*"))
      V *= factor();
    return V;
  }
  int64_t factor() {
    if (Rest.consume_front("-"))
      return -factor();
    if (Rest.consume_front("(")) {
      int64_t V = sum();
      Bad |= !Rest.consume_front(")");
      return V;
    }
    Rest.consume_front("$$");
    return Rest.consume_front("$") ? operand() : number();
  }
  int64_t operand() { // $0, ${0:c}
    const bool Braces = Rest.consume_front("{");
    unsigned Index;
    Bad |= Rest.consumeInteger(10, Index);
    if (Braces)
      Rest = Rest.drop_while([](char C) { return C != '}'; }).drop_front();
    std::optional<int64_t> V = Bad ? std::nullopt : Operand(Index);
    Bad |= !V;
    return V.value_or(0);
  }
  int64_t number() {
    uint64_t V = 0;
    StringRef Digits = Rest.take_while(isHexDigit);
    StringRef After = Rest.drop_front(Digits.size());
    if (!Digits.empty() && After.consume_front_insensitive("h")) { // 28h
      Bad |= Digits.getAsInteger(16, V);
      Rest = After;
    } else {
      Bad |= Rest.consumeInteger(0, V);
    }
    return V;
  }

  StringRef Rest;
  Operands Operand;
  bool Bad = false;
};
} // namespace

/// The address at the begin of \p Text: up to what ends an operand.
static std::string addressIn(StringRef Text) {
  std::string Address;
  int Depth = 0;
  for (char C : Text) {
    if (C == '[')
      C = '(';
    if (C == ']')
      C = ')';
    Depth += (C == '(') - (C == ')');
    if (Depth < 0 || C == ';' || C == '\n' || C == '#' || C == '"' ||
        (C == ',' && Depth == 0))
      break;
    if (!isSpace(C))
      Address += C;
  }
  return Address;
}

SmallVector<uint64_t, 2>
segshift::asmFSOffsets(StringRef Text,
                       function_ref<std::optional<int64_t>(unsigned)> Operand) {
  SmallVector<uint64_t, 2> Offsets;
  if (!asmNamesFS(Text))
    return Offsets;
  static const Regex FS("(^|[^A-Za-z0-9_.$])fs[ \t]*:", Regex::IgnoreCase);
  SmallVector<StringRef, 2> Match;
  while (FS.match(Text, &Match)) {
    Text = StringRef(Match[0].end(), Text.end() - Match[0].end());
    const std::string Address = addressIn(Text);
    if (auto Offset = Expression(Address, Operand).value())
      Offsets.push_back(*Offset);
  }
  return Offsets;
}
