//===- RewriteMain.cpp - segshift rewrite --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Input.h"
#include "Note.h"
#include "Report.h"
#include "Verify.h"
#include "Writer.h"
#include "disasm/Decoder.h"
#include "disasm/FileFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Parallel.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <set>

using namespace llvm;

namespace segshift {

cl::SubCommand
    RewriteCommand("rewrite",
                   "Move the FS uses of objects, archives and images to GS");

namespace {

enum class DumpFormat { None, Text, Json };

cl::list<std::string> Files(cl::Positional, cl::OneOrMore, cl::desc("FILE..."),
                            cl::sub(RewriteCommand));
cl::opt<std::string> Output("o", cl::value_desc("FILE"),
                            cl::desc("Write the one input to FILE"),
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
cl::opt<std::string> TcbOffsets(
    "tcb-offsets", cl::value_desc("all|LIST"),
    cl::desc("Move these fixed offsets too, e.g. 0x8,0x10,0x300-0x3ff"),
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

static Error parseTcbOffsets(StringRef Text, RewriteConfig &Config) {
  if (Text.empty())
    return Error::success();
  if (Text == "all") {
    Config.TcbOffsets.push_back({0, INT32_MAX});
    return Error::success();
  }
  SmallVector<StringRef, 8> Items;
  Text.split(Items, ',');
  for (StringRef Item : Items) {
    auto [First, Last] = Item.split('-');
    int64_t From, To;
    if (First.trim().getAsInteger(0, From) ||
        (Item.contains('-') ? Last.trim().getAsInteger(0, To)
                            : (To = From, false)) ||
        From < 0 || To < From)
      return createStringError("--tcb-offsets: '" + Item +
                               "' is neither a number nor a range like "
                               "0x300-0x3ff");
    Config.TcbOffsets.push_back({From, To});
  }
  return Error::success();
}

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
  if (Error E = parseTcbOffsets(TcbOffsets, Config))
    return std::move(E);
  int Outputs = !Output.empty() + InPlace + !OutputDir.empty();
  if (Outputs > 1)
    return createStringError("-o, --in-place and --output-dir exclude each "
                             "other");
  if (Outputs == 0 && DumpPlan == DumpFormat::None && !Summary && !VerifyOutput)
    return createStringError("nothing to do: give -o, --in-place, "
                             "--output-dir, --dump-plan, --summary or "
                             "--verify");
  if (!Output.empty() && Files.size() != 1)
    return createStringError("-o takes one input; use --output-dir for more");
  return std::move(Config);
}

/// Counts of all sites by kind and action.
using Counts = std::map<std::pair<SiteKind, Action>, uint64_t>;

/// Plans one member, and verifies the plan's result when asked to. Runs on any
/// thread.
static void planMember(Member &M, const RewriteConfig &Config) {
  if (!M.IsELF && mayHoldCode(M.Bytes)) {
    M.Errors.push_back(toString(notElf(M.Name, M.Bytes)));
    return;
  }
  if (!M.IsELF) {
    M.Warnings.push_back(M.Name + ": not an ELF file; left as it is [SEG210]");
    M.IsRead = true;
    return;
  }
  Expected<std::unique_ptr<ElfObject>> ObjOrErr = ElfObject::create(M.buffer());
  if (!ObjOrErr) {
    M.Errors.push_back(toString(ObjOrErr.takeError()));
    return;
  }
  const ElfObject &Obj = **ObjOrErr;
  M.IsRelocatable = Obj.isRelocatable();
  Expected<Plan> PlanOrErr = makePlan(Obj, Config);
  if (!PlanOrErr) {
    M.Errors.push_back(toString(PlanOrErr.takeError()) + " [SEG004]");
    return;
  }
  M.ThePlan = std::move(*PlanOrErr);
  M.IsRead = true;
  for (const Site &S : M.ThePlan.Sites)
    if (S.Act == Action::Refuse)
      (Config.AllowUnknown ? M.Warnings : M.Errors)
          .push_back(M.Name + ": " + describeSite(Obj, S) + ": " +
                     kindName(S.Kind).str() +
                     (S.Kind == SiteKind::Unknown ? " FS use: " : ": ") +
                     S.Why);
  if (DumpPlan == DumpFormat::Text)
    M.PlanText = planAsText(Obj, M.ThePlan);
  else if (DumpPlan == DumpFormat::Json)
    M.PlanText = planAsJson(Obj, M.ThePlan);
  if (VerifyOutput) {
    std::string After = applyEdits(M.Bytes, M.ThePlan.Edits);
    if (Error E = verify(Obj, MemoryBufferRef(After, M.Name), M.ThePlan))
      M.Errors.push_back(toString(std::move(E)) + " [SEG230]");
  }
}

static void printPlans(ArrayRef<Input> Inputs, bool AllRead) {
  Counts Total;
  for (const Input &In : Inputs)
    for (const Member &M : In.Members)
      for (const Site &S : M.ThePlan.Sites)
        ++Total[{S.Kind, S.Act}];
  if (DumpPlan == DumpFormat::Json) {
    outs() << "{\"version\":1,\"files\":[";
    bool First = true;
    for (const Input &In : Inputs)
      for (const Member &M : In.Members)
        if (!M.PlanText.empty()) {
          outs() << (First ? "\n" : ",\n") << M.PlanText;
          First = false;
        }
    outs() << "\n],\"counts\":[";
    First = true;
    for (auto [Key, N] : Total) {
      outs() << (First ? "\n" : ",\n") << "{\"kind\":\"" << kindName(Key.first)
             << "\",\"action\":\"" << actionName(Key.second)
             << "\",\"count\":" << N << "}";
      First = false;
    }
    outs() << "\n]}\n";
    return;
  }
  for (const Input &In : Inputs)
    for (const Member &M : In.Members)
      outs() << M.PlanText;
  if (Summary) {
    uint64_t All = 0;
    for (auto [Key, N] : Total) {
      outs() << format_decimal(int64_t(N), 8) << ' ' << actionName(Key.second)
             << ' ' << kindName(Key.first) << '\n';
      All += N;
    }
    outs() << format_decimal(int64_t(All), 8) << " in all"
           << (AllRead ? "\n" : ", of the files that could be read\n");
  }
}

/// The member's new content, with a note when asked for.
static Expected<std::string> newContent(const Member &M) {
  std::string Bytes = applyEdits(M.Bytes, M.ThePlan.Edits);
  if (Note && M.IsRelocatable)
    if (Error E = addNote(M.Name, Bytes))
      return std::move(E);
  return std::move(Bytes);
}

/// Makes a new archive, for when members change their size or their place.
static Expected<std::unique_ptr<MemoryBuffer>> newArchive(const Input &In) {
  std::vector<NewArchiveMember> Members;
  Error Err = Error::success();
  size_t Index = 0;
  for (const object::Archive::Child &C : In.TheArchive->children(Err)) {
    Expected<NewArchiveMember> NewOrErr =
        NewArchiveMember::getOldMember(C, /*Deterministic=*/false);
    if (!NewOrErr)
      return joinErrors(std::move(Err), NewOrErr.takeError());
    Expected<std::string> BytesOrErr = newContent(In.Members[Index++]);
    if (!BytesOrErr)
      return joinErrors(std::move(Err), BytesOrErr.takeError());
    // The name lives in the buffer that is replaced.
    std::string Name = NewOrErr->MemberName.str();
    if (In.isThin())
      Name = sys::path::filename(Name).str();
    NewOrErr->Buf = MemoryBuffer::getMemBufferCopy(*BytesOrErr, Name);
    NewOrErr->MemberName = NewOrErr->Buf->getBufferIdentifier();
    Members.push_back(std::move(*NewOrErr));
  }
  if (Err)
    return std::move(Err);
  return writeArchiveToBuffer(Members,
                              In.TheArchive->hasSymbolTable()
                                  ? SymtabWritingMode::NormalSymtab
                                  : SymtabWritingMode::NoSymtab,
                              object::Archive::K_GNU, /*Deterministic=*/false,
                              /*Thin=*/false);
}

static Error writeInput(Writer &W, const Input &In, StringRef Path) {
  if (In.isThin() && InPlace) {
    if (Note)
      return createStringError(
          In.Path +
          ": --note would change the sizes that a thin archive "
          "holds; add the note to its members, then make it anew [SEG232]");
    std::set<std::string> Done;
    for (const Member &M : In.Members)
      if (M.IsELF && Done.insert(M.Path).second)
        if (Error E = W.write(M.Path, M.Bytes, M.ThePlan.Edits, M.Path,
                              PreserveDates))
          return E;
    return Error::success();
  }
  if (In.TheArchive && (Note || In.isThin())) {
    Expected<std::unique_ptr<MemoryBuffer>> NewOrErr = newArchive(In);
    if (!NewOrErr)
      return createStringError(In.Path + ": " + toString(NewOrErr.takeError()));
    return W.write(Path, (*NewOrErr)->getBuffer(), {}, In.Path, PreserveDates);
  }
  if (Note) {
    Expected<std::string> BytesOrErr = newContent(In.Members[0]);
    if (!BytesOrErr)
      return BytesOrErr.takeError();
    return W.write(Path, *BytesOrErr, {}, In.Path, PreserveDates);
  }
  std::vector<Edit> Edits; // members stand in the archive in order
  for (const Member &M : In.Members)
    for (const Edit &E : M.ThePlan.Edits) {
      Edits.push_back(E);
      Edits.back().Offset += M.Offset;
    }
  return W.write(Path, In.Buffer->getBuffer(), Edits, In.Path, PreserveDates);
}

static Error writeAll(ArrayRef<Input> Inputs) {
  Writer W;
  std::map<std::string, std::string> Written;
  for (const Input &In : Inputs) {
    std::string Path = InPlace ? In.Path : Output;
    if (!OutputDir.empty()) {
      SmallString<128> InDir(OutputDir);
      sys::path::append(InDir, sys::path::filename(In.Path));
      Path = std::string(InDir);
    }
    if (auto [It, New] = Written.insert({Path, In.Path}); !New)
      return createStringError(In.Path + " and " + It->second +
                               " would both be written to " + Path +
                               " [SEG231]");
    if (Error E = writeInput(W, In, Path))
      return E;
  }
  return W.commit();
}

int runRewrite() {
  auto Complain = [](Error E) {
    WithColor::error(errs(), "segshift") << toString(std::move(E)) << '\n';
    return 1;
  };
  Expected<RewriteConfig> ConfigOrErr = makeConfig();
  if (!ConfigOrErr) {
    Complain(ConfigOrErr.takeError());
    return 2;
  }
  if (Jobs)
    parallel::strategy = hardware_concurrency(Jobs);
  // Fails here, not in a thread, when libLLVM lacks the target.
  if (Expected<std::unique_ptr<Decoder>> D = Decoder::create(); !D)
    return Complain(D.takeError());

  std::vector<Input> Inputs;
  bool Opened = true;
  for (const std::string &Path : Files) {
    Expected<Input> InOrErr = Input::open(Path);
    if (!InOrErr) {
      Complain(InOrErr.takeError());
      Opened = false;
      continue;
    }
    Inputs.push_back(std::move(*InOrErr));
  }
  std::vector<Member *> Members;
  for (Input &In : Inputs)
    for (Member &M : In.Members)
      Members.push_back(&M);
  parallelFor(0, Members.size(),
              [&](size_t I) { planMember(*Members[I], *ConfigOrErr); });

  bool Failed = !Opened;
  for (const Member *M : Members) {
    for (const std::string &Text : M->Warnings)
      WithColor::warning(errs(), "segshift") << Text << '\n';
    for (const std::string &Text : M->Errors)
      WithColor::error(errs(), "segshift") << Text << '\n';
    Failed |= !M->Errors.empty();
  }
  if (DumpPlan != DumpFormat::None || Summary)
    printPlans(Inputs, Opened && all_of(Members, [](const Member *M) {
                         return M->IsRead;
                       }));
  if (Failed)
    return 1;
  if (!Output.empty() || InPlace || !OutputDir.empty())
    if (Error E = writeAll(Inputs))
      return Complain(std::move(E));
  return 0;
}

} // namespace segshift
