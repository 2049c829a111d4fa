// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app.h"
#include "app/app_calls.h"
#include "app/app_tls.h"
#include "cpu/config.h"
#include "cpu/copy_user.h"
#include "cpu/random.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/options.h"
#include "lib/string.h"
#include "linux/process/exec.h"
#include "linux/process/image.h"
#include "linux/process/process.h"
#include "memory/heap.h"
#include "memory/paging.h"
#include "module/module_object.h"
#include "user/vm.h"

namespace {

using paging::PageSize;

constexpr uint64_t Place = 0x555555554000; // where Linux has such programs
constexpr uint64_t MaxFileSize = 2 * MODULE_SLOT_SIZE;

uint64_t pageUp(uint64_t N) { return (N + PageSize - 1) & -PageSize; }

uint32_t protectionOf(const elf::Segment &S) {
  return (S.Flags & elf::Read ? vm::Read : 0) |
         (S.Flags & elf::Write ? vm::Write : 0) |
         (S.Flags & elf::Exec ? vm::Exec : 0);
}

// The segments, as they are relocated, to the program's half.
bool copySegments(const module::Module &M) {
  for (unsigned I = 0; I != M.NumSegments; ++I) {
    const elf::Segment &S = M.Segments[I];
    uint64_t Start = S.VAddr & -PageSize, Size = pageUp(S.VAddr + S.MemSize);
    Size -= Start;
    vm::Mapping Access;
    Access.Protection = vm::Read | vm::Write;
    if (!vm::mapNew(M.Bias + Start, Size, Access) ||
        !copyToUser(M.Bias + Start,
                    reinterpret_cast<const void *>(M.Base + Start), Size) ||
        !vm::protect(M.Bias + Start, Size, protectionOf(S)))
      return false;
  }
  return M.RelroStart >= M.RelroEnd ||
         vm::protect(M.RelroStart - M.Base + M.Bias, M.RelroEnd - M.RelroStart,
                     vm::Read);
}

// main, or else the entry point.
bool findMain(const module::Module &M, app::Program &A, module::Error &E) {
  const module::Symbol *Main = M.find("main");
  if (Main)
    A.Main = M.Bias + Main->Value;
  if (!A.Main)
    return module::refuse(E, "exports no main, and has no entry point");
  return M.isCode(A.Main) ||
         module::refuse(E, "%s 0x%lx is not in its code",
                        Main ? "main" : "entry point", A.Main - M.Bias);
}

} // namespace

namespace app {

bool Program::takeOver(const module::Module &M, module::Error &E) {
  using namespace module;
  Program &A = *this;
  const module::Dynamic &D = M.Dynamic;
  if (!findMain(M, A, E) ||
      !checkFunctions(M, D.InitArray, D.Init, "constructor", E) ||
      !checkFunctions(M, D.FiniArray, D.Fini, "destructor", E))
    return false;
  A.Init = D.Init ? M.Bias + D.Init : 0;
  A.Fini = D.Fini ? M.Bias + D.Fini : 0;
  A.InitArray = M.Bias + D.InitArray.Address;
  A.NumInit = D.InitArray.Size / 8;
  A.FiniArray = M.Bias + D.FiniArray.Address;
  A.NumFini = D.FiniArray.Size / 8;
  return copySegments(M) || refuse(E, "no memory for its segments");
}

namespace {

bool load(Process &P, Thread &T, exec::Image &I, uint64_t &Rip,
          exec::Reason &Error) {
  if (I.Plan.Interp[0])
    return Error("asks for the dynamic linker %s: to be run without "
                 "loader=kernel",
                 I.Plan.Interp);
  if (!I.Plan.Pie)
    return Error("is not position-independent: to be compiled with -fPIC");
  Program *A = P.App = heap::make<Program>();
  if (!A)
    return Error("no memory");
  // The canary's lowest byte is 0, so that no string copy writes past it.
  A->Canary = random::entropy() << 8;
  A->PointerGuard = random::entropy();
  A->ExecutableStack = I.Plan.ExecutableStack;

  if (I.size() > MaxFileSize)
    return Error("a file of %lu bytes, the limit is %lu", I.size(),
                 MaxFileSize);
  auto *File = static_cast<uint8_t *>(heap::allocate(I.size()));
  if (!File || !I.read(0, File, I.size())) {
    heap::free(File);
    return Error("no memory for its file");
  }
  module::Error E;
  bool Ok = module::loadProgram(P.Path, {File, I.size()}, *A, E);
  heap::free(File);
  if (!Ok)
    return Error("%s", E.Text);
  I.setBias(A->Bias);
  vm::setHeap(A->Bias + I.Plan.High + PageSize);
  if (!app_tls::attach(*A, T))
    return Error("no memory for its TLS");
  log("loader: %s at 0x%lx, %lu bytes of TLS, 0x%lx behind the kernel's",
      P.Path, A->Bias, A->Image.mem_size, A->Both.distance);
  Rip = reinterpret_cast<uint64_t>(app_start);
  return true;
}

void end(Process &P) {
  if (!P.App)
    return;
  forgetThreads(*P.App);
  heap::destroy(P.App);
  P.App = nullptr;
}

} // namespace

bool choose() {
  bool IsGuarded = options::getNumber("tls-guard", 0);
  const char *Which = options::get("loader");
  if (!Which)
    return true;
  const char *Why =
      strcmp(Which, "kernel") ? "there is one loader to choose, kernel"
      : ProgramsInRing3       ? "a program in ring 3 cannot call the kernel's "
                                "functions"
      : IsGuarded ? "with tls-guard=1, kernel TLS is closed when the "
                    "program calls the kernel's functions"
                  : nullptr;
  if (Why)
    control::send("error loader=%s: %s", Which, Why);
  if (!Why) {
    static const exec::ProgramLoader Loader = {load, end};
    exec::OtherLoader = &Loader;
  }
  return !Why;
}

bool Program::checkSide(bool HasGsNote, module::Error &E) {
  return !HasGsNote ||
         module::refuse(E, "has a segshift note: its TLS is behind GS, which "
                           "is the kernel's");
}

uint64_t Program::choosePlace(const elf::Plan &P) {
  Program &A = *this;
  A.Main = P.Entry;
  A.Bias = (::Place - P.Low + P.Align - 1) & -P.Align;
  if (A.Main)
    A.Main += A.Bias;
  return A.Bias;
}

} // namespace app
