//===- Command.cpp - what all subcommands do alike ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Command.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace segshift {

static std::string CommandName = "segshift";

void setCommandName(const Twine &Name) { CommandName = Name.str(); }

void error(const Twine &Message) {
  WithColor::error(errs(), CommandName) << Message << '\n';
}

void error(Error E) { error(toString(std::move(E))); }

void warning(const Twine &Message) {
  WithColor::warning(errs(), CommandName) << Message << '\n';
}

Error flushOutput() {
  outs().flush();
  std::error_code EC = outs().error();
  if (!EC)
    return Error::success();
  outs().clear_error();
  return createStringError("cannot write to standard output: " + EC.message() +
                           " [SEG008]");
}

static bool parseRange(StringRef Text, OffsetRange &Range) {
  Range = {0, INT32_MAX};
  if (Text == "all")
    return true;
  auto [First, Last] = Text.split('-');
  if (First.trim().getAsInteger(0, Range.first))
    return false;
  Range.second = Range.first;
  if (Text.contains('-') && Last.trim().getAsInteger(0, Range.second))
    return false;
  return Range.first >= 0 && Range.first <= Range.second;
}

Expected<std::vector<OffsetRange>> parseTcbOffsets(StringRef Text) {
  std::vector<OffsetRange> Ranges;
  SmallVector<StringRef, 8> Items;
  Text.split(Items, ',');
  for (StringRef Item : Items) {
    Ranges.emplace_back();
    if (!parseRange(Item.trim(), Ranges.back()))
      return createStringError("--tcb-offsets: '" + Item +
                               "' is neither an offset such as 0x18, nor a "
                               "range such as 0x40-0x7f, nor 'all'");
  }
  return Ranges;
}

} // namespace segshift
