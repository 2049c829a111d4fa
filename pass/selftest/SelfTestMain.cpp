//===- SelfTestMain.cpp - segshift selftest -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles small C modules by the Clang that is installed here, through the
// plugin and through the rewriter, and decodes what they became. It answers one
// question: has something underneath changed so that kernel code would silently
// keep FS?
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
    "Check that the plugin and the Clang installed here make GS code");

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

enum class By { Plugin, Rewriter, ClangAlone };
enum class Expect { Fs, Gs };

struct Case {
  StringRef Name, Source;
  Expect Plugin; // what the plugin makes of it
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
     "__attribute__((annotate(\"segshift.keep-fs\")))\n"
     "int get(void) { return x; }\n",
     Expect::Fs,
     false,
     {}},
};

struct Tools {
  std::string Clang, Plugin, Self, Folder;
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
              StringRef Source, StringRef Object) {
  std::string PluginFlag = "-fpass-plugin=" + T.Plugin;
  SmallVector<StringRef, 16> Arguments = {T.Clang, "--target=x86_64-linux-gnu",
                                          "-ffreestanding", "-w", Level};
  append_range(Arguments, C.Flags);
  if (Way == By::Plugin)
    Arguments.push_back(PluginFlag);
  append_range(Arguments, ArrayRef<StringRef>{"-c", Source, "-o", Object});
  if (Error E = execute(T, Arguments))
    return E;
  if (Way != By::Rewriter)
    return Error::success();
  return execute(T, {T.Self, "rewrite", "--in-place", "--verify", Object});
}

Error check(const Tools &T, const Case &C, StringRef Level, By Way) {
  std::string Source = T.Folder + "/module.c", Object = T.Folder + "/module.o";
  std::error_code EC;
  {
    raw_fd_ostream OS(Source, EC);
    OS << C.Source;
  }
  if (EC)
    return createStringError(Source + ": " + EC.message());
  if (Error E = compile(T, C, Level, Way, Source, Object))
    return E;
  auto S = countSegments(Object);
  if (!S)
    return S.takeError();
  Expect Wanted = Way == By::Plugin       ? C.Plugin
                  : Way == By::ClangAlone ? Expect::Fs
                                          : Expect::Gs;
  bool Right = Wanted == Expect::Gs ? S->Gs && !S->Fs : S->Fs && !S->Gs;
  if (Right)
    return Error::success();
  return createStringError("expected " +
                           Twine(Wanted == Expect::Gs ? "%gs" : "%fs") +
                           " alone, found " + Twine(S->Fs) +
                           " uses of %fs and " + Twine(S->Gs) + " of %gs");
}

StringRef wayName(By Way) {
  return Way == By::Plugin     ? "by the plugin"
         : Way == By::Rewriter ? "by segshift rewrite"
                               : "by Clang alone (must be %fs)";
}

struct Count {
  unsigned Passed = 0, Failed = 0;
};

void run(const Tools &T, const Case &C, StringRef Level, By Way, Count &N) {
  if (Error E = check(T, C, Level, Way)) {
    ++N.Failed;
    error(C.Name + " " + Level + " " + wayName(Way) + ": " +
          toString(std::move(E)));
    return;
  }
  ++N.Passed;
  if (!Quiet)
    outs() << "ok: " << C.Name << " " << Level << " " << wayName(Way) << "\n";
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
