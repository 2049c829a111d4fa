//===- Report.h - what an audit found ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an audit found, as data; written as text, JSON or SARIF.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_REPORT_H
#define SEGSHIFT_AUDIT_REPORT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace segshift::audit {

enum class Severity {
  Note,   // shown; does not fail the audit
  Finding // fails the audit unless allowed
};

enum class Kind {
#define KIND(NAME, ID, SEVERITY, SUMMARY, MEND) NAME,
#include "Kinds.def"
};

struct KindInfo {
  Kind K;
  llvm::StringRef Id; // as printed, in JSON and as the SARIF rule
  Severity Default;
  llvm::StringRef Summary;
  llvm::StringRef Mend; // what to do about it
};

llvm::ArrayRef<KindInfo> allKinds();
const KindInfo &info(Kind K);
const KindInfo *findKind(llvm::StringRef Id); // null if there is none

struct SourcePlace {
  std::string File;
  unsigned Line = 0, Column = 0;
};

enum class Status {
  Reported,
  Allowed, // by the allow-list
  Marked   // by an on-purpose mark in the file
};

struct Site {
  Kind K{};
  Severity Sev{};
  Status St = Status::Reported;
  std::string Reason; // why it is allowed
  std::string What;   // one clause: what stands here
  // %fs:0, 0x10, 0x28 or 0x30, written as such: see docs/audit.md, Marks.
  bool AtContractOffset = false;

  std::string Object;   // input object of the link, where a link map tells
  std::string Section;  // or "LOAD#n" where there are no section headers
  uint64_t Address = 0; // virtual; in relocatable objects the offset in Section
  uint64_t FileOffset = 0;
  std::string Function;         // mangled; empty outside any symbol
  std::string FunctionReadable; // demangled
  uint64_t FunctionOffset = 0;
  std::vector<uint8_t> Bytes; // empty where no code is meant
  std::string Assembly;
  std::optional<SourcePlace> Source;
};

struct FileReport {
  std::string Name;   // path, or archive(member)
  std::string Type;   // "relocatable", "executable" or "shared"
  bool Tls = false;   // has TLS variables, TLS relocations or segment uses
  unsigned Notes = 0; // notes of the plugin and the rewriter
  std::vector<Site> Sites;
};

struct Report {
  std::vector<FileReport> Files;
  std::vector<Site> Loose; // not about a place in a binary: allow entries
  unsigned NotRead = 0;    // files and members of archives
  std::vector<std::string> Errors, Warnings; // why
};

struct Totals {
  unsigned Findings = 0, Allowed = 0, Marked = 0, Notes = 0, Functions = 0;
  unsigned MarkedAtContract = 0; // of Marked
};
Totals count(const Report &R);

struct TextOptions {
  bool Quiet = false;  // findings and the count alone
  bool Expand = false; // each place by itself, see ReportText.cpp
};
void writeText(llvm::raw_ostream &OS, const Report &R, const TextOptions &O);
void writeJson(llvm::raw_ostream &OS, const Report &R);
void writeSarif(llvm::raw_ostream &OS, const Report &R);

} // namespace segshift::audit
#endif
