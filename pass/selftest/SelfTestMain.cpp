//===- SelfTestMain.cpp - segshift selftest -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles small C modules by the compilers that are installed here, through
// their plugins and through the rewriter, and decodes what they became. It
// answers one question: has something underneath changed so that kernel code
// would silently keep FS?
//
//===----------------------------------------------------------------------===//
#include "Segments.h"
#include "command/Command.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace llvm;

namespace segshift {

cl::SubCommand SelfTestCommand(
    "selftest",
    "Check that the plugins and the compilers installed here make GS code");

namespace {

cl::opt<std::string> ClangOption(
    "clang", cl::value_desc("path"), cl::sub(SelfTestCommand),
    cl::desc("The Clang to test (default: " SEGSHIFT_CLANG ", from PATH or "
             "from where LLVM is)"));
cl::opt<std::string> PluginOption(
    "plugin", cl::value_desc("path"), cl::sub(SelfTestCommand),
    cl::desc("The plugin to test (default: the one installed or built beside "
             "this command)"));
cl::opt<bool> Quiet("quiet", cl::sub(SelfTestCommand),
                    cl::desc("Print only what fails"));

enum class By { Plugin, GccPlugin, Rewriter, ClangAlone };
enum class Expect { Fs, Gs };

struct Case {
  StringRef Name, Source;
  Expect Plugin; // what the plugins make of it
  bool Rewrites; // whether the rewriter moves it as well
  SmallVector<StringRef, 2> Flags;
};

const Case Cases[] = {
    {"local-exec variable",
     "static __thread int x = 1;\n"
     "int get(void) { return x; }\n"
     "void set(int v) { x = v; }\n",
     Expect::Gs,
     true,
     {}},
    {"address of a variable",
     "extern __thread long x;\nlong *get(void) { return &x; }\n",
     Expect::Gs,
     true,
     {"-ftls-model=local-exec"}},
    {"initial-exec variable",
     "extern __thread long x;\nlong get(void) { return x; }\n",
     Expect::Gs,
     true,
     {"-fPIC", "-ftls-model=initial-exec"}},
    {"general-dynamic variable",
     "extern __thread long x;\nlong get(void) { return x; }\n",
     Expect::Gs,
     true,
     {"-fPIC"}},
    {"stack protector",
     "void use(char *);\nvoid f(void) { char b[64]; use(b); }\n",
     Expect::Gs,
     true,
     {"-fstack-protector-all"}},
    {"__seg_fs pointer",
     "int get(int __seg_fs *p) { return *p; }\n",
     Expect::Fs,
     false,
     {}},
    {"inline assembly",
     "int get(void) { int v; __asm__(\"movl %%fs:16, %0\" : \"=r\"(v));\n"
     "                return v; }\n",
     Expect::Fs,
     false,
     {}},
    {"function that keeps FS",
     "__thread int x;\n"
     "#ifdef __clang__\n"
     "__attribute__((annotate(\"segshift.keep-fs\")))\n"
     "#else\n"
     "__attribute__((segshift_keep_fs))\n"
     "#endif\n"
     "int get(void) { return x; }\n",
     Expect::Fs,
     false,
     {}},
};

/// A plugin for GCC, and the GCC of its release.
struct GccPlugin {
  std::string Name, Gcc, Plugin; // Gcc is empty if it is not here
};

struct Tools {
  std::string Clang, Plugin, Self, Folder;
  std::vector<GccPlugin> Gccs;
};

Expected<std::string> findClang() {
  if (!ClangOption.empty())
    return ClangOption.getValue();
  if (auto Path = sys::findProgramByName(SEGSHIFT_CLANG))
    return *Path;
  if (auto Path = sys::findProgramByName("clang", {SEGSHIFT_LLVM_BIN}))
    return *Path;
  return createStringError("there is no " SEGSHIFT_CLANG
                           "; install it, or name one with --clang=");
}

Expected<std::string> findPlugin(StringRef Self) {
  if (!PluginOption.empty())
    return PluginOption.getValue();
  StringRef Bin = sys::path::parent_path(Self);
  for (StringRef Folder : {SEGSHIFT_PLUGIN_DIR, "../pass"}) {
    SmallString<128> Path(Bin);
    sys::path::append(Path, Folder, "SegShift.so");
    sys::path::remove_dots(Path, /*remove_dot_dot=*/true);
    if (sys::fs::exists(Path))
      return std::string(Path);
  }
  return createStringError("there is no SegShift.so beside " + Self +
                           "; name it with --plugin=");
}

/// All that are installed or built beside this command, in gcc-N.
std::vector<GccPlugin> findGccPlugins(StringRef Self) {
  std::vector<GccPlugin> Found;
  StringRef Bin = sys::path::parent_path(Self);
  for (StringRef Folder : {SEGSHIFT_PLUGIN_DIR, "../pass"}) {
    SmallString<128> Path(Bin);
    sys::path::append(Path, Folder);
    sys::path::remove_dots(Path, /*remove_dot_dot=*/true);
    std::error_code EC;
    for (sys::fs::directory_iterator I(Path, EC), End; !EC && I != End;
         I.increment(EC)) {
      SmallString<128> Plugin(I->path());
      StringRef Name = sys::path::filename(I->path());
      sys::path::append(Plugin, "segshift_gcc.so");
      if (!Name.starts_with("gcc-") || !sys::fs::exists(Plugin))
        continue;
      auto Gcc = sys::findProgramByName(Name);
      Found.push_back(
          {Name.str(), Gcc ? *Gcc : std::string(), std::string(Plugin)});
    }
  }
  llvm::sort(Found, [](const GccPlugin &A, const GccPlugin &B) {
    return A.Name > B.Name;
  });
  return Found;
}

// The last line that a tool wrote on its standard error, or how it ended.
std::string reason(StringRef ErrorFile, int Status, StringRef Message) {
  if (!Message.empty())
    return Message.str();
  if (auto Text = MemoryBuffer::getFile(ErrorFile)) {
    StringRef Trimmed = (*Text)->getBuffer().trim();
    if (!Trimmed.empty())
      return Trimmed.str();
  }
  return "exit status " + std::to_string(Status);
}

Error execute(const Tools &T, ArrayRef<StringRef> Arguments) {
  std::string ErrorFile = T.Folder + "/stderr", Message;
  std::optional<StringRef> Redirects[] = {StringRef(""), StringRef(""),
                                          StringRef(ErrorFile)};
  int Status = sys::ExecuteAndWait(Arguments[0], Arguments, std::nullopt,
                                   Redirects, 60, 0, &Message);
  if (!Status)
    return Error::success();
  return createStringError(Arguments[0] + ": " +
                           reason(ErrorFile, Status, Message));
}

Error compile(const Tools &T, const Case &C, StringRef Level, By Way,
              const GccPlugin *Gcc, StringRef Source, StringRef Object) {
  std::string PluginFlag =
      Gcc ? "-fplugin=" + Gcc->Plugin : "-fpass-plugin=" + T.Plugin;
  SmallVector<StringRef, 16> Arguments;
  if (Gcc)
    Arguments.push_back(Gcc->Gcc);
  else
    Arguments = {T.Clang, "--target=x86_64-linux-gnu"};
  append_range(Arguments, ArrayRef<StringRef>{"-ffreestanding", "-w", Level});
  append_range(Arguments, C.Flags);
  if (Way == By::Plugin || Way == By::GccPlugin)
    Arguments.push_back(PluginFlag);
  append_range(Arguments, ArrayRef<StringRef>{"-c", Source, "-o", Object});
  if (Error E = execute(T, Arguments))
    return E;
  if (Way != By::Rewriter)
    return Error::success();
  return execute(T, {T.Self, "rewrite", "--in-place", "--verify", Object});
}

Error check(const Tools &T, const Case &C, StringRef Level, By Way,
            const GccPlugin *Gcc) {
  std::string Source = T.Folder + "/module.c", Object = T.Folder + "/module.o";
  std::error_code EC;
  {
    raw_fd_ostream OS(Source, EC);
    OS << C.Source;
  }
  if (EC)
    return createStringError(Source + ": " + EC.message());
  if (Error E = compile(T, C, Level, Way, Gcc, Source, Object))
    return E;
  auto S = countSegments(Object);
  if (!S)
    return S.takeError();
  Expect Wanted = Expect::Gs; // by the rewriter
  if (Way == By::Plugin || Way == By::GccPlugin)
    Wanted = C.Plugin;
  else if (Way == By::ClangAlone)
    Wanted = Expect::Fs;
  bool Right = Wanted == Expect::Gs ? S->Gs && !S->Fs : S->Fs && !S->Gs;
  if (Right)
    return Error::success();
  return createStringError("expected " +
                           Twine(Wanted == Expect::Gs ? "%gs" : "%fs") +
                           " alone, found " + Twine(S->Fs) +
                           " uses of %fs and " + Twine(S->Gs) + " of %gs");
}

std::string wayName(By Way, const GccPlugin *Gcc) {
  switch (Way) {
  case By::Plugin:
    return "by the plugin";
  case By::GccPlugin:
    return "by the plugin for " + Gcc->Name;
  case By::Rewriter:
    return "by segshift rewrite";
  case By::ClangAlone:
    return "by Clang alone (must be %fs)";
  }
  llvm_unreachable("all ways are there");
}

struct Count {
  unsigned Passed = 0, Failed = 0;
};

void run(const Tools &T, const Case &C, StringRef Level, By Way, Count &N,
         const GccPlugin *Gcc = nullptr) {
  if (Error E = check(T, C, Level, Way, Gcc)) {
    ++N.Failed;
    error(C.Name + " " + Level + " " + wayName(Way, Gcc) + ": " +
          toString(std::move(E)));
    return;
  }
  ++N.Passed;
  if (!Quiet)
    outs() << "ok: " << C.Name << " " << Level << " " << wayName(Way, Gcc)
           << "\n";
}

Expected<Tools> findTools() {
  Tools T;
  static int Anchor;
  T.Self = sys::fs::getMainExecutable("segshift", &Anchor);
  auto Clang = findClang();
  if (!Clang)
    return Clang.takeError();
  auto Plugin = findPlugin(T.Self);
  if (!Plugin)
    return Plugin.takeError();
  T.Clang = *Clang;
  T.Plugin = *Plugin;
  T.Gccs = findGccPlugins(T.Self);
  SmallString<128> Folder;
  if (std::error_code EC = sys::fs::createUniqueDirectory("segshift", Folder))
    return createStringError("cannot make a temporary folder: " + EC.message());
  T.Folder = std::string(Folder);
  return T;
}

} // namespace

int runSelfTest() {
  auto T = findTools();
  if (!T) {
    error(T.takeError());
    return Failed;
  }
  scope_exit Cleanup([&] {
    if (std::error_code E = sys::fs::remove_directories(T->Folder, false))
      warning(T->Folder + ": " + E.message());
  });
  if (!Quiet)
    outs() << "clang:  " << T->Clang << "\nplugin: " << T->Plugin << "\n";

  Count N;
  for (const Case &C : Cases)
    for (StringRef Level : {"-O0", "-O2"}) {
      run(*T, C, Level, By::Plugin, N);
      if (C.Rewrites)
        run(*T, C, Level, By::Rewriter, N);
    }
  for (const GccPlugin &Gcc : T->Gccs) {
    if (!Quiet)
      outs() << Gcc.Name << ": " << Gcc.Plugin << "\n";
    if (Gcc.Gcc.empty()) {
      if (!Quiet)
        outs() << "skipped: there is no " << Gcc.Name << " in PATH\n";
      continue;
    }
    for (const Case &C : Cases)
      for (StringRef Level : {"-O0", "-O2"})
        run(*T, C, Level, By::GccPlugin, N, &Gcc);
  }
  // Where even this has no %fs, the checks above show nothing.
  run(*T, Cases[0], "-O2", By::ClangAlone, N);

  if (N.Failed) {
    error(Twine(N.Failed) + " of " + Twine(N.Passed + N.Failed) +
          " checks failed: do not build a kernel with these tools");
    return Found;
  }
  if (!Quiet)
    outs() << N.Passed << " checks passed\n";
  return Done;
}

} // namespace segshift
