//===- RewriteMain.cpp - segshift rewrite --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Outputs.h"
#include "Report.h"
#include "Verify.h"
#include "Writer.h"
#include "command/Command.h"
#include "command/Output.h"
#include "disasm/Decoder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Parallel.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace llvm;

namespace segshift {

cl::SubCommand
    RewriteCommand("rewrite",
                   "Move the FS uses of objects, archives and images to GS");

namespace {

enum class DumpFormat { None, Text, Json };

cl::list<std::string> Files(cl::Positional, cl::OneOrMore, cl::desc("FILE..."),
                            cl::sub(RewriteCommand));
cl::opt<std::string>
    OutputFile("o", cl::value_desc("FILE"),
               cl::desc("Write the one input to FILE, or with - to "
                        "standard output"),
               cl::sub(RewriteCommand));
cl::opt<bool> InPlace("in-place", cl::desc("Replace each input"),
                      cl::sub(RewriteCommand));
cl::opt<std::string>
    OutputDir("output-dir", cl::value_desc("DIR"),
              cl::desc("Write each input to DIR under its own name"),
              cl::sub(RewriteCommand));
cl::opt<bool> PreserveDates("preserve-dates",
                            cl::desc("Give outputs the inputs' time stamps"),
                            cl::sub(RewriteCommand));
cl::alias PreserveDatesShort("p", cl::aliasopt(PreserveDates),
                             cl::desc("Alias for --preserve-dates"));
cl::opt<DumpFormat> DumpPlan(
    "dump-plan", cl::ValueOptional, cl::init(DumpFormat::None),
    cl::desc("Print each site, what is done and why (needs no output)"),
    cl::values(clEnumValN(DumpFormat::Text, "", "one line a site"),
               clEnumValN(DumpFormat::Text, "text", "the same"),
               clEnumValN(DumpFormat::Json, "json", "as JSON")),
    cl::sub(RewriteCommand));
cl::opt<bool> Summary("summary",
                      cl::desc("Print how many sites there are of each kind"),
                      cl::sub(RewriteCommand));
cl::opt<bool> VerifyOutput(
    "verify",
    cl::desc("Decode the output again and check it against the input"),
    cl::sub(RewriteCommand));
cl::opt<bool>
    Note("note",
         cl::desc("Add a section .note.segshift to relocatable objects"),
         cl::sub(RewriteCommand));
cl::opt<bool> AllowUnknown(
    "allow-unknown",
    cl::desc("Leave FS uses that are not understood, with a warning"),
    cl::sub(RewriteCommand));
cl::list<std::string>
    KeepFS("keep-fs", cl::value_desc("REGEX"),
           cl::desc("Keep FS in functions whose symbol matches"),
           cl::sub(RewriteCommand));
cl::list<std::string>
    MoveFS("move-fs", cl::value_desc("REGEX"),
           cl::desc("Take FS accesses through a register for TLS in functions "
                    "whose symbol matches, where no path shows it"),
           cl::sub(RewriteCommand));
cl::list<std::string> KeepSection("keep-section", cl::value_desc("NAME"),
                                  cl::desc("Keep FS in this section"),
                                  cl::sub(RewriteCommand));
cl::opt<std::string>
    TcbOffsets("tcb-offsets", cl::value_desc("all|LIST"),
               cl::desc("Move these fixed offsets too, as in 0x18,0x40-0x7f"),
               cl::sub(RewriteCommand));
cl::opt<RewriteConfig::Model> TlsModel(
    "tls-model", cl::init(RewriteConfig::Model::LocalExec),
    cl::desc("What general-dynamic sequences become:"),
    cl::values(clEnumValN(RewriteConfig::Model::LocalExec, "local-exec",
                          "for static executables and kernels (default)"),
               clEnumValN(RewriteConfig::Model::InitialExec, "initial-exec",
                          "for what is linked into a shared object")),
    cl::sub(RewriteCommand));
cl::opt<unsigned> Jobs("j", cl::Prefix, cl::value_desc("N"), cl::init(0),
                       cl::desc("Number of threads (default: one a core)"),
                       cl::sub(RewriteCommand));

} // namespace

static Error compile(StringRef Option, const cl::list<std::string> &Texts,
                     std::vector<Regex> &Out) {
  for (const std::string &Text : Texts) {
    Regex R(Text);
    std::string Why;
    if (!R.isValid(Why))
      return createStringError(Option + ": '" + Text + "': " + Why);
    Out.push_back(std::move(R));
  }
  return Error::success();
}

static Expected<RewriteConfig> makeConfig() {
  RewriteConfig Config;
  Config.DynamicTo = TlsModel;
  Config.AllowUnknown = AllowUnknown;
  Config.KeepSections = KeepSection;
  if (Error E = compile("--keep-fs", KeepFS, Config.KeepFS))
    return std::move(E);
  if (Error E = compile("--move-fs", MoveFS, Config.MoveFS))
    return std::move(E);
  if (TcbOffsets.getNumOccurrences()) {
    auto Ranges = parseTcbOffsets(TcbOffsets);
    if (!Ranges)
      return Ranges.takeError();
    Config.TcbOffsets = std::move(*Ranges);
  }
  bool Prints = DumpPlan != DumpFormat::None || Summary;
  int Outputs = !OutputFile.empty() + InPlace + !OutputDir.empty();
  if (Outputs > 1)
    return createStringError("-o, --in-place and --output-dir exclude each "
                             "other");
  if (Outputs == 0 && !Prints && !VerifyOutput)
    return createStringError("nothing to do: give -o, --in-place, "
                             "--output-dir, --dump-plan, --summary or "
                             "--verify");
  if (!OutputFile.empty() && Files.size() != 1)
    return createStringError("-o takes one input; use --output-dir for more");
  if (isStandardOutput(OutputFile) && Prints)
    return createStringError("-o " + OutputFile +
                             " and --dump-plan or --summary would both go to "
                             "standard output");
  return std::move(Config);
}

/// Counts of all sites by kind and action.
using Counts = std::map<std::pair<SiteKind, Action>, uint64_t>;

/// Plans one member, and verifies the plan's result when asked to. Runs on any
/// thread.
static void planMember(const Member &M, const RewriteConfig &Config,
                       MemberPlan &P) {
  auto Fail = [&](std::string Message) {
    P.Errors.push_back(std::move(Message));
    P.CouldNotBeRead = true;
  };
  if (M.What == Member::Content::Other)
    return P.Warnings.push_back(M.Problem);
  if (M.What == Member::Content::Unreadable)
    return Fail(M.Problem);
  Expected<std::unique_ptr<ElfObject>> ObjOrErr = ElfObject::create(M.buffer());
  if (!ObjOrErr)
    return Fail(toString(ObjOrErr.takeError()));
  const ElfObject &Obj = **ObjOrErr;
  P.IsRelocatable = Obj.isRelocatable();
  Expected<Plan> PlanOrErr = makePlan(Obj, Config);
  if (!PlanOrErr)
    return Fail(toString(PlanOrErr.takeError()) + " [SEG004]");
  P.ThePlan = std::move(*PlanOrErr);
  for (const Site &S : P.ThePlan.Sites)
    if (S.Act == Action::Refuse)
      (Config.AllowUnknown ? P.Warnings : P.Errors)
          .push_back(M.Name + ": " + describeSite(Obj, S) + ": " +
                     kindName(S.Kind).str() +
                     (S.Kind == SiteKind::Unknown ? " FS use: " : ": ") +
                     S.Why);
  if (DumpPlan == DumpFormat::Text)
    P.Text = planAsText(Obj, P.ThePlan);
  else if (DumpPlan == DumpFormat::Json)
    P.Text = planAsJson(Obj, P.ThePlan);
  if (VerifyOutput) {
    std::string After = applyEdits(M.Bytes, P.ThePlan.Edits);
    if (Error E = verify(Obj, MemoryBufferRef(After, M.Name), P.ThePlan))
      Fail(toString(std::move(E)) + " [SEG230]");
  }
}

static void printJson(ArrayRef<PlannedInput> Inputs, const Counts &Total) {
  outs() << "{\"version\":1,\"files\":[";
  ListSeparator Comma(",");
  for (const PlannedInput &In : Inputs)
    for (const MemberPlan &P : In.Plans)
      if (!P.Text.empty())
        outs() << Comma << '\n' << P.Text;
  outs() << "\n],\"counts\":[";
  ListSeparator CountComma(",");
  for (auto [Key, N] : Total)
    outs() << CountComma << "\n{\"kind\":\"" << kindName(Key.first)
           << "\",\"action\":\"" << actionName(Key.second)
           << "\",\"count\":" << N << "}";
  outs() << "\n]}\n";
}

/// What --dump-plan and --summary print. A sum that leaves out what could not
/// be read says so.
static void printPlans(ArrayRef<PlannedInput> Inputs, unsigned NotRead) {
  Counts Total;
  for (const PlannedInput &In : Inputs)
    for (const MemberPlan &P : In.Plans)
      for (const Site &S : P.ThePlan.Sites)
        ++Total[{S.Kind, S.Act}];
  if (DumpPlan == DumpFormat::Json)
    return printJson(Inputs, Total);
  for (const PlannedInput &In : Inputs)
    for (const MemberPlan &P : In.Plans)
      outs() << P.Text;
  if (!Summary)
    return;
  uint64_t All = 0;
  for (auto [Key, N] : Total) {
    outs() << format_decimal(int64_t(N), 8) << ' ' << actionName(Key.second)
           << ' ' << kindName(Key.first) << '\n';
    All += N;
  }
  if (NotRead)
    outs() << format_decimal(int64_t(All), 8) << " in what could be read; "
           << NotRead << " not read\n";
  else
    outs() << format_decimal(int64_t(All), 8) << " in all\n";
}

/// Opens all inputs. \returns how many could not be read.
static unsigned openInputs(std::vector<PlannedInput> &Inputs) {
  unsigned NotRead = 0;
  for (const std::string &Path : Files) {
    Expected<Input> InOrErr = Input::open(Path);
    if (!InOrErr) {
      error(InOrErr.takeError());
      ++NotRead;
      continue;
    }
    Inputs.push_back({std::move(*InOrErr), {}});
    Inputs.back().Plans.resize(Inputs.back().In.Members.size());
  }
  return NotRead;
}

int runRewrite() {
  auto Complain = [](Error E) {
    error(std::move(E));
    return Failed;
  };
  Expected<RewriteConfig> ConfigOrErr = makeConfig();
  if (!ConfigOrErr)
    return Complain(ConfigOrErr.takeError());
  if (Jobs)
    parallel::strategy = hardware_concurrency(Jobs);
  // Fails here, not in a thread, when libLLVM lacks the target.
  if (Expected<std::unique_ptr<Decoder>> D = Decoder::create(); !D)
    return Complain(D.takeError());

  std::vector<PlannedInput> Inputs;
  unsigned NotRead = openInputs(Inputs);
  std::vector<std::pair<const Member *, MemberPlan *>> Members;
  for (PlannedInput &In : Inputs)
    for (auto [M, P] : zip(In.In.Members, In.Plans))
      Members.push_back({&M, &P});
  parallelFor(0, Members.size(), [&](size_t I) {
    planMember(*Members[I].first, *ConfigOrErr, *Members[I].second);
  });

  bool Refused = false;
  for (auto [M, P] : Members) {
    for (const std::string &Text : P->Warnings)
      warning(Text);
    for (const std::string &Text : P->Errors)
      error(Text);
    NotRead += P->CouldNotBeRead;
    Refused |= !P->Errors.empty();
  }
  if (DumpPlan != DumpFormat::None || Summary) {
    printPlans(Inputs, NotRead);
    if (Error E = flushOutput())
      return Complain(std::move(E));
  }
  if (NotRead)
    return Failed;
  if (Refused)
    return Found;
  OutputConfig Outputs{OutputFile, OutputDir, InPlace, Note, PreserveDates};
  if (Outputs.any())
    if (Error E = writeOutputs(Inputs, Outputs))
      return Complain(std::move(E));
  return Done;
}

} // namespace segshift
