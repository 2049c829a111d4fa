//===- ReportJson.cpp - the report as JSON --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The report as JSON. docs/audit.md has the shape.
//
//===----------------------------------------------------------------------===//
#include "Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace segshift::audit {

// Names out of a binary need not be UTF-8, and JSON has to be.
static json::Value text(StringRef S) { return json::fixUTF8(S); }

static StringRef status(const Site &S) {
  switch (S.St) {
  case Status::Allowed:
    return "allowed";
  case Status::Marked:
    return "on-purpose";
  case Status::Reported:
    break;
  }
  return S.Sev == Severity::Finding ? "finding" : "note";
}

static void writeSite(json::OStream &J, const Site &S) {
  J.object([&] {
    J.attribute("kind", info(S.K).Id);
    J.attribute("status", status(S));
    J.attribute("message", text(S.What));
    if (!S.Section.empty()) {
      J.attribute("section", text(S.Section));
      // A string: JSON readers that use doubles cannot hold a kernel address.
      J.attribute("address", "0x" + utohexstr(S.Address, true));
      J.attribute("fileOffset", int64_t(S.FileOffset));
    }
    if (!S.Function.empty())
      J.attribute("functionOffset", int64_t(S.FunctionOffset));
    if (!S.Bytes.empty()) {
      J.attribute("bytes", toHex(S.Bytes, true));
      J.attribute("assembly", text(S.Assembly));
    }
    if (!S.Object.empty())
      J.attribute("object", text(S.Object));
    if (S.Source)
      J.attributeObject("source", [&] {
        J.attribute("file", text(S.Source->File));
        J.attribute("line", S.Source->Line);
        if (S.Source->Column)
          J.attribute("column", S.Source->Column);
      });
    if (!S.Reason.empty())
      J.attribute("reason", text(S.Reason));
  });
}

void writeJson(raw_ostream &OS, const Report &R) {
  json::OStream J(OS, 2);
  Totals T = count(R);
  J.object([&] {
    J.attribute("tool", "segshift audit");
    J.attribute("version", 1);
    J.attributeArray("files", [&] {
      for (const FileReport &F : R.Files)
        J.object([&] {
          J.attribute("file", text(F.Name));
          J.attribute("type", F.Type);
          J.attribute("tls", F.Tls);
          J.attribute("notes", F.Notes);
          J.attributeArray("functions", [&] {
            for (size_t I = 0; I < F.Sites.size();) {
              const Site &First = F.Sites[I];
              J.object([&] {
                J.attribute("name", text(First.Function));
                J.attribute("readable", text(First.FunctionReadable));
                J.attributeArray("sites", [&] {
                  for (; I < F.Sites.size() &&
                         F.Sites[I].Function == First.Function &&
                         F.Sites[I].Section == First.Section;
                       ++I)
                    writeSite(J, F.Sites[I]);
                });
              });
            }
          });
        });
    });
    J.attributeArray("general", [&] {
      for (const Site &S : R.Loose)
        writeSite(J, S);
    });
    J.attributeObject("summary", [&] {
      J.attribute("findings", T.Findings);
      J.attribute("allowed", T.Allowed);
      J.attribute("onPurpose", T.Marked);
      J.attribute("onPurposeAtContractOffsets", T.MarkedAtContract);
      J.attribute("notes", T.Notes);
      J.attribute("notRead", R.NotRead);
    });
  });
  OS << '\n';
}

} // namespace segshift::audit
