// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/exec.h"
#include "cpu/copy_user.h"
#include "device/log.h"
#include "lib/options.h"
#include "lib/string.h"
#include "linux/process/image.h"
#include "linux/process/initial_stack.h"
#include "linux/process/process.h"
#include "memory/paging.h"
#include "user/vm.h"

namespace exec {

const ProgramLoader *OtherLoader;

namespace {

using paging::PageSize;

constexpr uint64_t PieBase = 0x555555554000; // where Linux has it

uint64_t alignUp(uint64_t N, uint64_t Align) {
  return (N + Align - 1) & -Align;
}

// The first line of a script: "#!INTERPRETER [ARGUMENT]" (execve(2)).
struct Script {
  char Line[256]; // longer ones are cut, as on Linux
  const char *Interpreter = nullptr, *Argument = nullptr;

  // False: it is none.
  bool read(Image &I) {
    size_t Size = I.readStart(Line, sizeof(Line) - 1);
    if (Size < 2 || memcmp(Line, "#!", 2) != 0)
      return false;
    Line[Size] = 0;
    char *At = Line + 2;
    Interpreter = word(At);
    // The rest of the line is one argument, without the blanks around it.
    while (isBlank(*At))
      ++At;
    char *End = At;
    for (char *C = At; *C && *C != '\n'; ++C)
      if (!isBlank(*C))
        End = C + 1;
    *End = 0;
    Argument = At;
    return true;
  }

private:
  static bool isBlank(char C) { return C == ' ' || C == '\t'; }
  static const char *word(char *&At) {
    while (isBlank(*At))
      ++At;
    char *Start = At;
    while (*At && !isBlank(*At) && *At != '\n')
      ++At;
    bool AtEnd = *At == 0 || *At == '\n';
    *At = 0;
    At += !AtEnd;
    return Start;
  }
};

// Too large for a kernel stack.
struct Files {
  explicit Files(Reason Error)
      : Named(Error), Interpreter(Error), Linker(Error) {}
  Image Named;       // by the arguments
  Script Line;       // if that is a script,
  Image Interpreter; // its interpreter
  Image Linker;      // the program's dynamic linker
};

class Loader {
public:
  Loader(Process &P, Thread &T, Reason Error) : P(P), T(T), Error(Error) {}
  ~Loader() {
    heap::destroy(F);
    heap::free(NewArguments);
  }

  bool run(process::Strings Arguments, process::Strings Environment, Start &S) {
    const char *Path = Arguments.next(nullptr);
    if (!Path || !*Path)
      return Error("the initrd names no program");
    if (!(F = heap::make<Files>(Error)))
      return Error("no memory for the loader");
    Image *Program = &F->Named;
    const char *Executable = Path;
    if (!Program->open(Path))
      return false;
    if (F->Line.read(*Program)) {
      Executable = F->Line.Interpreter;
      if (!*Executable)
        return Error("a script whose first line names no interpreter");
      Program = &F->Interpreter;
      Program->Error = Error.about(Executable);
      if (!Program->open(Executable))
        return false;
      if (!addScript(Arguments, Executable))
        return Error("no memory for the arguments");
    }
    if (strlen(Executable) >= sizeof(P.Path))
      return Error("path of more than %lu bytes", sizeof(P.Path) - 1);
    memcpy(P.Path, Executable, strlen(Executable) + 1);
    if (OtherLoader)
      return Program->plan(false) &&
             OtherLoader->Load(P, T, *Program, S.Rip, Error) &&
             makeStack({Path, *Program, nullptr}, Arguments, Environment, S.Rsp,
                       Error);
    if (!Program->plan() || !Program->map(PieBase))
      return false;
    // A page apart, so that the heap is a region of its own.
    vm::setHeap(Program->bias() + Program->Plan.High + PageSize);
    S.Rip = Program->bias() + Program->Plan.Entry;

    Image *Linker = nullptr;
    if (const char *Interp = Program->Plan.Interp; *Interp) {
      Linker = &F->Linker;
      Linker->Error = Error.about(Interp);
      if (!Linker->open(Interp) || !Linker->plan() || !Linker->map(0))
        return false;
      S.Rip = Linker->bias() + Linker->Plan.Entry;
    } else if (!makeTls(*Program)) {
      return false;
    }
    return makeStack({Path, *Program, Linker}, Arguments, Environment, S.Rsp,
                     Error);
  }

private:
  // A script's arguments: its interpreter, the line's argument, if there is
  // one, then its path and what followed.
  bool addScript(process::Strings &Arguments, const char *Interpreter) {
    size_t Size = strlen(Interpreter) + 1 + strlen(F->Line.Argument) + 1;
    char *To = NewArguments =
        static_cast<char *>(heap::allocate(Size + Arguments.Size));
    if (!To)
      return false;
    auto Put = [&](const void *From, size_t Size) {
      memcpy(To, From, Size);
      To += Size;
    };
    Put(Interpreter, strlen(Interpreter) + 1);
    if (*F->Line.Argument)
      Put(F->Line.Argument, strlen(F->Line.Argument) + 1);
    Put(Arguments.Data, Arguments.Size);
    Arguments = {NewArguments, static_cast<size_t>(To - NewArguments)};
    return true;
  }

  // A dynamic linker and static programs with a libc make their own TLS and set
  // FS themselves. For programs without one, the block is ready and FS points
  // to it.
  bool makeTls(Image &Program) {
    const elf::Tls &Tls = Program.Plan.Tls;
    if (!Tls.MemSize)
      return true;
    // The image's start is not looked at: it is copied from the file below.
    segshift_tls_image Image = {nullptr, Tls.VAddr, 0, Tls.MemSize, Tls.Align};
    struct segshift_tls_layout Layout;
    if (segshift_tls_layout(&Layout, &Image, 0))
      return Error("its TLS is too large");
    uint64_t Below = Layout.tp_offset - Layout.image_offset;
    return mode::LoaderSharesBlock ? fillSharedTls(Program, Below)
                                   : makeOwnTls(Program, Layout, Below);
  }

  bool makeOwnTls(Image &Program, const struct segshift_tls_layout &Layout,
                  uint64_t Below) {
    vm::Mapping M;
    M.Protection = vm::Read | vm::Write;
    uint64_t Size = alignUp(Layout.size + Layout.align, PageSize);
    uint64_t Block = vm::mapAnywhere(Size, M);
    if (!Block)
      return Error("no memory for its TLS");
    uint64_t Tp = alignUp(Block, Layout.align) + Layout.tp_offset;
    const elf::Tls &Tls = Program.Plan.Tls;
    if (!Program.copyToUser(Tp - Below, tlsOffset(Program.Plan),
                            Tls.FileSize) ||
        !putUser(Tp + SEGSHIFT_TCB_SELF, Tp) ||
        !putUser(Tp + SEGSHIFT_TCB_SELF2, Tp) ||
        !mode::setInitialFs(T.Bases, Tp))
      return Error("no memory for its TLS");
    return true;
  }

  // Over the kernel's own thread-locals of that thread.
  bool fillSharedTls(Image &Program, uint64_t Below) {
    const elf::Tls &Tls = Program.Plan.Tls;
    if (Below > mode::ReservedBytes) {
      const char *Allow = options::get("overflow");
      if (!Allow || strcmp(Allow, "allow") != 0)
        return Error("its TLS of %lu bytes does not fit into the %lu that the "
                     "kernel keeps for it",
                     Below, mode::ReservedBytes);
      log("warning: the program's TLS of %lu bytes does not fit into the %lu "
          "that are kept for it: it overwrites the kernel's",
          Below, mode::ReservedBytes);
    }
    if (Below > thread::sharedTlsRoom())
      return Error("its TLS of %lu bytes does not fit into the kernel's block",
                   Tls.MemSize);
    char *To = static_cast<char *>(T.Bases.Tp) - Below;
    if (!Program.read(tlsOffset(Program.Plan), To, Tls.FileSize))
      return Error("its TLS cannot be read");
    memset(To + Tls.FileSize, 0, Tls.MemSize - Tls.FileSize);
    return true;
  }

  // The image lies within a segment (elf.h): its place in the file.
  static uint64_t tlsOffset(const elf::Plan &Plan) {
    for (unsigned I = 0; I != Plan.NumSegments; ++I) {
      const elf::Segment &G = Plan.Segments[I];
      if (Plan.Tls.VAddr - G.VAddr < G.MemSize)
        return G.Offset + (Plan.Tls.VAddr - G.VAddr);
    }
    return 0; // no image: .tbss only
  }

  Process &P;
  Thread &T;
  Reason Error;
  Files *F = nullptr;
  char *NewArguments = nullptr;
};

} // namespace

bool load(Process &P, Thread &T, process::Strings Arguments,
          process::Strings Environment, Start &S, char *Error,
          size_t ErrorSize) {
  return Loader(P, T, Reason(Error, ErrorSize)).run(Arguments, Environment, S);
}

} // namespace exec

#ifdef STUB_MODE_FS_RESERVED
void mode::refuseFs() {
  process::kill(SIGSYS,
                "it sets FS, and in mode " MODE_NAME
                " there is one FS, the kernel's: modes gs and fs-switch "
                "run such programs");
}
#endif
