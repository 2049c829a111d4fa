//===- AuditMain.cpp - segshift audit -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Audit.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
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
        "Further offsets of the thread control block, as in 0x18,0x40-0x7f, "
        "or 'all': for a libc that is on GS as a whole"),
    cl::value_desc("list"), cl::sub(AuditCommand), cl::cat(Category));
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

static bool fail(const Twine &Message) {
  WithColor::error(errs(), "segshift audit") << Message << '\n';
  return false;
}

static bool fail(Error E) { return fail(toString(std::move(E))); }

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
      return fail("--error-on: '" + Name + "' is no kind of finding");
    }
  }
  if (!KernelArea.empty()) {
    uint64_t Size;
    if (StringRef(KernelArea).getAsInteger(0, Size))
      return fail("--kernel-area: '" + KernelArea + "' is no number of bytes");
    O.KernelArea = Size;
  }
  SmallVector<StringRef> Items;
  StringRef(TcbOffsets).split(Items, ',', -1, /*KeepEmpty=*/false);
  for (StringRef Item : Items) {
    auto [First, Last] = Item.split('-');
    int64_t From = 0, To = INT32_MAX;
    bool Ok = Item == "all" ||
              (!First.getAsInteger(0, From) &&
               !(Item.contains('-') ? Last : First).getAsInteger(0, To));
    if (!Ok || From < 0 || To < From)
      return fail("--tcb-offsets: '" + Item +
                  "' is no offset and no range of offsets");
    O.TcbOffsets.push_back({From, To});
  }
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

// To the named file, or to standard output.
static bool write(StringRef Path, function_ref<void(raw_ostream &)> Write) {
  if (Path.empty()) {
    Write(outs());
    return true;
  }
  std::error_code EC;
  raw_fd_ostream OS(Path, EC, sys::fs::OF_Text);
  if (!EC) {
    Write(OS);
    OS.close();
    EC = OS.error();
    OS.clear_error();
  }
  return !EC || fail(Path + ": " + EC.message());
}

int runAudit() {
  Options O;
  AllowList Allow;
  LinkMap Map;
  if (!readOptions(O, Allow, Map))
    return 2;

  Report R;
  bool Ok = true;
  for (const std::string &Path : Files) {
    auto Buffer = MemoryBuffer::getFile(Path, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
    if (!Buffer)
      Ok = fail(Path + ": " + Buffer.getError().message() + " [SEG001]");
    else if (Error E = auditBuffer((*Buffer)->getMemBufferRef(), O, Allow, R))
      Ok = fail(std::move(E));
  }
  for (Site &S : Allow.unused()) {
    if (O.Promoted.count(S.K))
      S.Sev = Severity::Finding;
    R.Loose.push_back(std::move(S));
  }

  bool JsonOut = Json.getNumOccurrences(), SarifOut = Sarif.getNumOccurrences();
  if (JsonOut && SarifOut && Json.empty() && Sarif.empty()) {
    fail("--json and --sarif both go to standard output; name a file for one");
    return 2;
  }
  if (JsonOut)
    Ok &= write(Json, [&](raw_ostream &OS) { writeJson(OS, R); });
  if (SarifOut)
    Ok &= write(Sarif, [&](raw_ostream &OS) { writeSarif(OS, R); });
  if (!(JsonOut && Json.empty()) && !(SarifOut && Sarif.empty()))
    writeText(outs(), R, Quiet);
  outs().flush();
  if (!Ok)
    return 2;
  return count(R).Findings ? 1 : 0;
}

} // namespace segshift
