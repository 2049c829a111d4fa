//===- LinkMap.cpp - where a linked image comes from ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "LinkMap.h"
#include "command/Input.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace llvm;

namespace segshift::audit {

const LinkMap::Piece *LinkMap::at(uint64_t Address) const {
  auto It = upper_bound(Loaded, Address, [&](uint64_t A, unsigned I) {
    return A < Pieces[I].Address;
  });
  if (It == Loaded.begin())
    return nullptr;
  const Piece &P = Pieces[*--It];
  return Address - P.Address < P.Size ? &P : nullptr;
}

// Sections that are not loaded all have address 0, and .tbss has none of its
// own.
static bool canHoldCode(const LinkMap::Piece &P) {
  StringRef S = P.Section;
  for (StringRef Prefix :
       {".debug", ".comment", ".note", ".tbss", ".stab", ".line", ".symtab",
        ".strtab", ".shstrtab", ".gnu.", ".llvm", ".segshift"})
    if (S.starts_with(Prefix))
      return false;
  return P.Size != 0;
}

static bool hex(StringRef S, uint64_t &Value) {
  S.consume_front("0x");
  return !S.empty() && !S.getAsInteger(16, Value);
}

// "VMA LMA Size Align FILE:(SECTION)" or "...FILE:(SECTION+0x10)".
static void parseLld(ArrayRef<StringRef> Lines, LinkMap &Map) {
  for (StringRef Line : Lines) {
    StringRef Rest = Line;
    uint64_t Field[4];
    bool Ok = true;
    for (uint64_t &F : Field) {
      Rest = Rest.ltrim();
      StringRef Word = Rest.take_until([](char C) { return C == ' '; });
      Ok = Ok && hex(Word, F);
      Rest = Rest.drop_front(Word.size());
    }
    size_t Colon = Rest.rfind(":(");
    if (!Ok || Colon == StringRef::npos || !Rest.ends_with(")"))
      continue;
    StringRef Object = Rest.take_front(Colon).trim();
    StringRef Section = Rest.drop_front(Colon + 2).drop_back();
    Section = Section.split("+0x").first;
    Map.Pieces.push_back({Field[0], Field[2], Section.str(), Object.str()});
  }
}

// " SECTION ADDRESS SIZE FILE", where a long section name has a line of its
// own. Output sections start in the first column; patterns with " *(" or "
// *fill*".
static void parseGnu(ArrayRef<StringRef> Lines, LinkMap &Map) {
  std::string Pending; // section name whose numbers are on the next line
  for (StringRef Line : Lines) {
    StringRef Rest = Line;
    std::string Section = std::exchange(Pending, "");
    if (!Rest.consume_front(" ") || Rest.starts_with("*"))
      continue;
    if (!Rest.starts_with(" ")) {
      StringRef Word = Rest.take_until([](char C) { return C == ' '; });
      Section = Word.str();
      Rest = Rest.drop_front(Word.size());
      if (Rest.trim().empty()) {
        Pending = Section;
        continue;
      }
    }
    if (Section.empty())
      continue;
    Rest = Rest.ltrim();
    uint64_t Address, Size;
    StringRef A = Rest.take_until([](char C) { return C == ' '; });
    Rest = Rest.drop_front(A.size()).ltrim();
    StringRef S = Rest.take_until([](char C) { return C == ' '; });
    StringRef Object = Rest.drop_front(S.size()).trim();
    if (A.starts_with("0x") && S.starts_with("0x") && hex(A, Address) &&
        hex(S, Size) && !Object.empty() && !Object.starts_with("("))
      Map.Pieces.push_back({Address, Size, Section, Object.str()});
  }
}

Expected<LinkMap> parseLinkMap(StringRef Text) {
  SmallVector<StringRef> Lines;
  Text.split(Lines, '\n');
  for (StringRef &L : Lines)
    L = L.rtrim();

  LinkMap Map;
  if (!Lines.empty() && Lines[0].ltrim().starts_with("VMA") &&
      Lines[0].contains("Symbol")) {
    parseLld(ArrayRef(Lines).drop_front(), Map);
  } else {
    // What stands before these headers are discarded sections.
    auto Start = find_if(Lines, [](StringRef L) {
      return L == "Linker script and memory map" || L == "Memory map";
    });
    if (Start == Lines.end())
      return createStringError("not a link map of ld.lld, ld.bfd or gold");
    parseGnu(ArrayRef(&*Start, Lines.end() - Start), Map);
  }

  for (unsigned I = 0; I < Map.Pieces.size(); ++I)
    if (canHoldCode(Map.Pieces[I]))
      Map.Loaded.push_back(I);
  llvm::sort(Map.Loaded, [&](unsigned A, unsigned B) {
    return std::pair(Map.Pieces[A].Address, A) <
           std::pair(Map.Pieces[B].Address, B);
  });
  return Map;
}

Expected<LinkMap> readLinkMap(StringRef Path) {
  auto Buffer = readText(Path);
  if (!Buffer)
    return Buffer.takeError();
  auto Map = parseLinkMap((*Buffer)->getBuffer());
  if (!Map)
    return createStringError(Path + ": " + toString(Map.takeError()) +
                             " [SEG302]");
  return Map;
}

} // namespace segshift::audit
