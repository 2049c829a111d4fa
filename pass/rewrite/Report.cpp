//===- Report.cpp - the plan in words and as JSON ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Report.h"
#include "disasm/CodeReader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace segshift {

static ArrayRef<uint8_t> siteBytes(const ElfObject &Obj, const Site &S) {
  const Region &Reg = Obj.regions()[S.Region];
  return Reg.Bytes.slice(S.Address - Reg.Address, S.Length);
}

static std::string hexBytes(ArrayRef<uint8_t> Bytes) {
  std::string Text;
  for (uint8_t B : Bytes) {
    if (!Text.empty())
      Text += ' ';
    Text += hexdigit(B >> 4, true);
    Text += hexdigit(B & 15, true);
  }
  return Text;
}

/// The site's instructions as they are in the input, separated by "; ".
static std::string disassembly(const ElfObject &Obj, const Site &S) {
  // A refused relocation stands for no instruction that we know of.
  bool IsField =
      S.Kind == SiteKind::DtpOffset || ((S.Kind == SiteKind::GeneralDynamic ||
                                         S.Kind == SiteKind::LocalDynamic) &&
                                        S.Length < 12);
  if (IsField)
    return "";
  const Decoder &Dec = Decoder::forThread();
  ArrayRef<uint8_t> Bytes = siteBytes(Obj, S);
  std::string Text;
  Insn I;
  for (size_t At = 0;
       At < Bytes.size() && Dec.decode(Bytes.drop_front(At), S.Address + At, I);
       At += I.Bytes.size())
    Text += (Text.empty() ? "" : "; ") + Dec.print(I);
  return Text;
}

std::string describeSite(const ElfObject &Obj, const Site &S) {
  std::string Text =
      Obj.describe(S.Region, S.Address) + ": " + hexBytes(siteBytes(Obj, S));
  if (std::string D = disassembly(Obj, S); !D.empty())
    Text += ": " + D;
  return Text;
}

std::string planAsText(const ElfObject &Obj, const Plan &P) {
  std::string Text;
  raw_string_ostream OS(Text);
  for (const Site &S : P.Sites)
    OS << Obj.buffer().getBufferIdentifier() << ": " << actionName(S.Act) << ' '
       << kindName(S.Kind) << ": " << describeSite(Obj, S) << " # " << S.Why
       << '\n';
  return Text;
}

std::string planAsJson(const ElfObject &Obj, const Plan &P) {
  std::string Text;
  raw_string_ostream OS(Text);
  json::OStream J(OS);
  auto Clean = [](StringRef S) { return json::fixUTF8(S); };
  J.object([&] {
    J.attribute("file", Clean(Obj.buffer().getBufferIdentifier()));
    J.attributeArray("sites", [&] {
      for (const Site &S : P.Sites)
        J.object([&] {
          const Region &Reg = Obj.regions()[S.Region];
          J.attribute("action", actionName(S.Act));
          J.attribute("kind", kindName(S.Kind));
          J.attribute("section", Clean(Reg.Name));
          J.attribute("offset", S.Address - Reg.Address);
          J.attribute("fileOffset", Reg.FileOffset + S.Address - Reg.Address);
          if (!Obj.isRelocatable())
            J.attribute("address", "0x" + utohexstr(S.Address, true));
          if (const Symbol *Sym = Obj.enclosing(S.Region, S.Address);
              Sym && !Sym->Name.empty()) {
            J.attribute("symbol", Clean(Sym->Name));
            J.attribute("symbolOffset", S.Address - Sym->Address);
          }
          J.attribute("bytes", hexBytes(siteBytes(Obj, S)));
          J.attribute("instruction", disassembly(Obj, S));
          J.attribute("reason", Clean(S.Why));
        });
    });
  });
  return Text;
}

} // namespace segshift
