//===- AuditMain.cpp - segshift audit -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Audit.h"
#include "command/Output.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace segshift::audit;

namespace segshift {

cl::SubCommand
    AuditCommand("audit", "List FS uses, and GS uses outside of the contract");

static cl::OptionCategory Category("segshift audit options");
static cl::list<std::string> Files(cl::Positional, cl::OneOrMore,
                                   cl::desc("FILE..."), cl::sub(AuditCommand),
                                   cl::cat(Category));
static cl::list<std::string> AllowOption(
    "allow",
    cl::desc(
        "Functions that may use FS; matches the whole name, also demangled"),
    cl::value_desc("regex"), cl::sub(AuditCommand), cl::cat(Category));
static cl::list<std::string> AllowFile(
    "allow-file",
    cl::desc(
        "Read such functions from a file: 'REGEX [KIND,...] REASON' lines"),
    cl::value_desc("file"), cl::sub(AuditCommand), cl::cat(Category));
static cl::opt<std::string>
    LinkMapFile("link-map", cl::desc("The linker's -Map file of the one image"),
                cl::value_desc("file"), cl::sub(AuditCommand),
                cl::cat(Category));
static cl::opt<std::string> KernelArea(
    "kernel-area",
    cl::desc("Bytes of kernel slots from %gs:0x80 on (default: any number)"),
    cl::value_desc("size"), cl::sub(AuditCommand), cl::cat(Category));
static cl::opt<std::string> TcbOffsets(
    "tcb-offsets",
    cl::desc(
        "Further offsets of the thread control block, as in 0x18,0x40-0x7f: "
        "for a libc that is on GS as a whole"),
    cl::value_desc("all|list"), cl::sub(AuditCommand), cl::cat(Category));
static cl::list<std::string>
    ErrorOn("error-on", cl::CommaSeparated,
            cl::desc("Kinds of notes that count as findings, or 'all'"),
            cl::value_desc("kind,..."), cl::sub(AuditCommand),
            cl::cat(Category));
static cl::opt<bool>
    NoMarks("no-marks",
            cl::desc("Report FS uses that the object marks as meant"),
            cl::sub(AuditCommand), cl::cat(Category));
static cl::opt<std::string>
    Json("json", cl::ValueOptional,
         cl::desc("Write JSON to the file, or in place of the text"),
         cl::value_desc("file"), cl::sub(AuditCommand), cl::cat(Category));
static cl::opt<std::string> Sarif("sarif", cl::ValueOptional,
                                  cl::desc("Write SARIF 2.1.0, like --json"),
                                  cl::value_desc("file"), cl::sub(AuditCommand),
                                  cl::cat(Category));
static cl::opt<bool> Quiet("quiet",
                           cl::desc("Of the text, only findings and the count"),
                           cl::sub(AuditCommand), cl::cat(Category));

static cl::opt<bool>
    Expand("expand",
           cl::desc("In the text, list each place of what one macro or inlined "
                    "function does in many"),
           cl::sub(AuditCommand), cl::cat(Category));

static bool fail(const Twine &Message) {
  error(Message);
  return false;
}

static bool fail(Error E) { return fail(toString(std::move(E))); }

static bool toStandardOutput(const cl::opt<std::string> &Report) {
  return Report.getNumOccurrences() &&
         (Report.empty() || isStandardOutput(Report));
}

static bool readOptions(Options &O, AllowList &Allow, LinkMap &Map) {
  for (const std::string &Pattern : AllowOption)
    if (Error E = Allow.add(Pattern))
      return fail(std::move(E));
  for (const std::string &Path : AllowFile)
    if (Error E = Allow.addFile(Path))
      return fail(std::move(E));
  for (const std::string &Name : ErrorOn) {
    if (Name == "all") {
      for (const KindInfo &I : allKinds())
        O.Promoted.insert(I.K);
    } else if (const KindInfo *I = findKind(Name)) {
      O.Promoted.insert(I->K);
    } else {
      return fail("--error-on: '" + Name + "' is not a kind of finding");
    }
  }
  if (!KernelArea.empty()) {
    uint64_t Size;
    if (StringRef(KernelArea).getAsInteger(0, Size))
      return fail("--kernel-area: '" + KernelArea +
                  "' is not a number of bytes");
    O.KernelArea = Size;
  }
  if (TcbOffsets.getNumOccurrences()) {
    auto Ranges = parseTcbOffsets(TcbOffsets);
    if (!Ranges)
      return fail(Ranges.takeError());
    O.TcbOffsets = std::move(*Ranges);
  }
  if (toStandardOutput(Json) && toStandardOutput(Sarif))
    return fail("--json and --sarif both go to standard output; name a file "
                "for one");
  if (!LinkMapFile.empty()) {
    if (Files.size() != 1)
      return fail("--link-map belongs to one image, but there are " +
                  Twine(Files.size()) + " files");
    auto M = readLinkMap(LinkMapFile);
    if (!M)
      return fail(M.takeError());
    Map = std::move(*M);
    O.Map = &Map;
  }
  O.UseMarks = !NoMarks;
  return true;
}

static void readFiles(const Options &O, AllowList &Allow, Report &R) {
  for (const std::string &Path : Files) {
    auto In = Input::open(Path);
    if (In) {
      auditInput(*In, O, Allow, R);
      continue;
    }
    R.Errors.push_back(toString(In.takeError()));
    ++R.NotRead;
  }
  for (Site &S : Allow.unused()) {
    if (O.Promoted.count(S.K))
      S.Sev = Severity::Finding;
    R.Loose.push_back(std::move(S));
  }
}

// Each to its file or to standard output; the text where neither is there.
static bool writeReports(const Report &R) {
  bool Ok = true;
  auto Write = [&](const cl::opt<std::string> &Option,
                   function_ref<void(raw_ostream &, const Report &)> Writer) {
    if (!Option.getNumOccurrences())
      return;
    StringRef Path = Option.empty() ? StringRef("-") : StringRef(Option);
    if (Error E = writeOutput(Path, [&](raw_ostream &OS) { Writer(OS, R); }))
      Ok = fail(std::move(E));
  };
  Write(Json, writeJson);
  Write(Sarif, writeSarif);
  if (!toStandardOutput(Json) && !toStandardOutput(Sarif))
    writeText(outs(), R, {.Quiet = Quiet, .Expand = Expand});
  return Ok;
}

int runAudit() {
  Options O;
  AllowList Allow;
  LinkMap Map;
  if (!readOptions(O, Allow, Map))
    return Failed;
  Report R;
  readFiles(O, Allow, R);
  for (const std::string &Text : R.Warnings)
    warning(Text);
  for (const std::string &Text : R.Errors)
    error(Text);
  if (!writeReports(R) || !R.Errors.empty())
    return Failed;
  return count(R).Findings ? Found : Done;
}

} // namespace segshift
