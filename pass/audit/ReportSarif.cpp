//===- ReportSarif.cpp - the report as SARIF ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The report as SARIF 2.1.0 (OASIS standard), for code-review tools.
//
//===----------------------------------------------------------------------===//
#include "Report.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace segshift::audit {

static json::Value text(StringRef S) { return json::fixUTF8(S); }

// SARIF section 3.4.3: a URI or relative reference, so bytes outside RFC 3986's
// unreserved set are percent-encoded.
static std::string uri(StringRef Path) {
  std::string Out;
  raw_string_ostream OS(Out);
  if (sys::path::is_absolute(Path))
    OS << "file://";
  for (unsigned char C : Path) {
    if (isalnum(C) || StringRef("-._~/()").contains(C))
      OS << C;
    else
      OS << '%' << "0123456789ABCDEF"[C >> 4] << "0123456789ABCDEF"[C & 15];
  }
  return Out;
}

static StringRef level(Severity S) {
  return S == Severity::Finding ? "error" : "note";
}

static void writeLocation(json::OStream &J, const FileReport *F,
                          const Site &S) {
  J.object([&] {
    J.attributeObject("physicalLocation", [&] {
      J.attributeObject("artifactLocation", [&] {
        J.attribute("uri", uri(S.Source ? StringRef(S.Source->File)
                               : F      ? StringRef(F->Name)
                                        : StringRef()));
      });
      if (S.Source)
        J.attributeObject("region", [&] {
          J.attribute("startLine", std::max(1u, S.Source->Line));
          if (S.Source->Column)
            J.attribute("startColumn", S.Source->Column);
        });
      else if (!S.Bytes.empty())
        J.attributeObject("region", [&] {
          J.attribute("byteOffset", int64_t(S.FileOffset));
          J.attribute("byteLength", int64_t(S.Bytes.size()));
        });
    });
    if (!S.Function.empty())
      J.attributeArray("logicalLocations", [&] {
        J.object([&] {
          J.attribute("name", text(S.FunctionReadable));
          J.attribute("decoratedName", text(S.Function));
          J.attribute("kind", "function");
        });
      });
  });
}

static void writeResult(json::OStream &J, const FileReport *F, const Site &S) {
  J.object([&] {
    J.attribute("ruleId", info(S.K).Id);
    J.attribute("ruleIndex", unsigned(S.K));
    J.attribute("level", level(S.Sev));
    J.attributeObject("message", [&] {
      std::string Message = S.What;
      if (!S.Assembly.empty())
        Message += ": " + S.Assembly;
      J.attribute("text", text(Message));
    });
    if (F || S.Source)
      J.attributeArray("locations", [&] { writeLocation(J, F, S); });
    if (S.St != Status::Reported)
      J.attributeArray("suppressions", [&] {
        J.object([&] {
          J.attribute("kind", S.St == Status::Marked ? "inSource" : "external");
          J.attribute("justification", text(S.Reason));
        });
      });
  });
}

static void writeNotification(json::OStream &J, StringRef Level,
                              StringRef Text) {
  J.object([&] {
    J.attribute("level", Level);
    J.attributeObject("message", [&] { J.attribute("text", text(Text)); });
  });
}

void writeSarif(raw_ostream &OS, const Report &R) {
  json::OStream J(OS, 2);
  J.object([&] {
    J.attribute("$schema",
                "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/"
                "schemas/sarif-schema-2.1.0.json");
    J.attribute("version", "2.1.0");
    J.attributeArray("runs", [&] {
      J.object([&] {
        J.attributeObject("tool", [&] {
          J.attributeObject("driver", [&] {
            J.attribute("name", "segshift audit");
            J.attribute("semanticVersion", SEGSHIFT_VERSION);
            J.attributeArray("rules", [&] {
              for (const KindInfo &I : allKinds())
                J.object([&] {
                  J.attribute("id", I.Id);
                  J.attributeObject("shortDescription",
                                    [&] { J.attribute("text", I.Summary); });
                  J.attributeObject("help",
                                    [&] { J.attribute("text", I.Mend); });
                  J.attributeObject("defaultConfiguration", [&] {
                    J.attribute("level", level(I.Default));
                  });
                });
            });
          });
        });
        J.attributeArray("invocations", [&] {
          J.object([&] {
            J.attribute("executionSuccessful", R.Errors.empty());
            J.attributeArray("toolExecutionNotifications", [&] {
              for (const std::string &Text : R.Errors)
                writeNotification(J, "error", Text);
              for (const std::string &Text : R.Warnings)
                writeNotification(J, "warning", Text);
            });
          });
        });
        J.attributeArray("results", [&] {
          for (const FileReport &F : R.Files)
            for (const Site &S : F.Sites)
              writeResult(J, &F, S);
          for (const Site &S : R.Loose)
            writeResult(J, nullptr, S);
        });
      });
    });
  });
  OS << '\n';
}

} // namespace segshift::audit
