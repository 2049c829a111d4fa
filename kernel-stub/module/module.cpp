// The steps of loading, and the list of modules.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module/module.h"
#include "boot/initrd.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/options.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "module/module_object.h"
#include "module/module_tls.h"
#include "thread/mutex.h"

namespace module {
namespace {

using paging::PageSize;

Mutex LoaderMutex; // one module is loaded or unloaded at a time
cpu::Lock ListLock;
Module *Newest; // of those that were started; ListLock, as their uses are

// --- Files ------------------------------------------------------------------

enum : uint32_t {
  PT_DYNAMIC = 2,
  PT_NOTE = 4,
  PT_GNU_RELRO = 0x6474e552,
};

struct ProgramHeader {
  uint32_t Type, Flags;
  uint64_t Offset, VAddr, PAddr, FileSize, MemSize, Align;
};

class MemorySource final : public elf::Source {
public:
  explicit MemorySource(Bytes File) : Source(File.Size), File(File) {}
  bool read(uint64_t Offset, void *To, size_t Size) override {
    memcpy(To, File.Data + Offset, Size);
    return true;
  }

private:
  Bytes File;
};

elf::Plan Plan; // of the module that is being loaded

// The first program header of a type in a file that was checked, from Index on.
bool findHeader(Bytes File, uint32_t Type, unsigned &Index, ProgramHeader &Ph) {
  constexpr unsigned PhOffAt = 32, PhNumAt = 56;
  uint64_t PhOff;
  uint16_t PhNum;
  memcpy(&PhOff, File.Data + PhOffAt, sizeof(PhOff));
  memcpy(&PhNum, File.Data + PhNumAt, sizeof(PhNum));
  for (; Index < PhNum; ++Index) {
    memcpy(&Ph, File.Data + PhOff + Index * sizeof(Ph), sizeof(Ph));
    if (Ph.Type == Type)
      return true;
  }
  return false;
}

// Whether one of the notes in [At, End) says that the object's TLS is behind
// GS.
bool hasGsNote(const uint8_t *At, const uint8_t *End) {
  struct {
    uint32_t NameSize, Size, Type;
  } H;
  constexpr size_t NameSize = sizeof(SEGSHIFT_NOTE_NAME);
  while (static_cast<size_t>(End - At) >= sizeof(H)) {
    memcpy(&H, At, sizeof(H));
    At += sizeof(H);
    uint64_t Name = (uint64_t(H.NameSize) + 3) & ~3ull;
    uint64_t Size = (uint64_t(H.Size) + 3) & ~3ull;
    if (Name + Size > static_cast<uint64_t>(End - At))
      return false;
    uint32_t Version = 0;
    if (Size >= sizeof(Version))
      memcpy(&Version, At + Name, sizeof(Version));
    if (H.Type == SEGSHIFT_NOTE_TYPE && H.NameSize == NameSize &&
        !memcmp(At, SEGSHIFT_NOTE_NAME, NameSize) &&
        Version == SEGSHIFT_ABI_VERSION)
      return true;
    At += Name + Size;
  }
  return false;
}

bool hasGsNote(Bytes File) {
  ProgramHeader Ph;
  for (unsigned I = 0; findHeader(File, PT_NOTE, I, Ph); ++I)
    if (Ph.Offset <= File.Size && Ph.FileSize <= File.Size - Ph.Offset &&
        hasGsNote(File.Data + Ph.Offset, File.Data + Ph.Offset + Ph.FileSize))
      return true;
  return false;
}

bool checkSide(const Module &M, const elf::Plan &P, Bytes File, Error &E) {
  if (M.App)
    return M.App->checkSide(hasGsNote(File), E);
  if (!P.Pie || P.Interp[0])
    return refuse(E, "is a program, not a shared object");
  return hasGsNote(File) ||
         refuse(E, "has no segshift note: its TLS is behind FS, which is the "
                   "application's");
}

bool checkPlan(const elf::Plan &P, Error &E) {
  if (P.NumSegments > Module::MaxSegments)
    return refuse(E, "has %u segments, the limit is %u", P.NumSegments,
                  Module::MaxSegments);
  if (P.Low % P.Align) // which is not larger than a slot: plan() has looked
    return refuse(E, "has an alignment of 0x%lx and starts at 0x%lx", P.Align,
                  P.Low);
  for (unsigned I = 0; I != P.NumSegments; ++I) {
    const elf::Segment &S = P.Segments[I];
    if ((S.Flags & elf::Write) && (S.Flags & elf::Exec))
      return refuse(E, "segment %u is writable and executable", I);
    if (!I)
      continue;
    const elf::Segment &Before = P.Segments[I - 1];
    if ((Before.VAddr + Before.MemSize - 1) / PageSize >= S.VAddr / PageSize)
      return refuse(E, "segments %u and %u share a page", I - 1, I);
  }
  return true;
}

bool readHeaders(Module &M, Bytes File, Error &E) {
  ProgramHeader Ph;
  unsigned I = 0;
  if (findHeader(File, PT_GNU_RELRO, I, Ph)) {
    M.RelroStart = M.Base + (Ph.VAddr & -PageSize);
    M.RelroEnd = M.Base + ((Ph.VAddr + Ph.MemSize) & -PageSize);
    if (Ph.MemSize && !M.at(Ph.VAddr, 1, elf::Write))
      return refuse(E, "RELRO at 0x%lx: not in a writable segment", Ph.VAddr);
    // Linkers round its end up beyond what the segment has.
    for (uint64_t A = M.RelroStart; A < M.RelroEnd; A += PageSize) {
      uint64_t *Entry = paging::entry(A, false);
      if (!Entry || !*Entry)
        M.RelroEnd = A;
    }
  }
  I = 0;
  if (!findHeader(File, PT_DYNAMIC, I, Ph))
    Ph = {};
  return readDynamic(M, {Ph.VAddr, Ph.MemSize}, E);
}

bool loadInto(Module &M, Bytes File, Error &E) {
  MemorySource Source(File);
  constexpr elf::Range Range = {0, 2 * MODULE_SLOT_SIZE,
                                MODULE_SLOT_SIZE - PageSize, true};
  if (elf::Error Bad = elf::plan(Source, Range, Plan)) {
    elf::describe(Bad, E.Text, sizeof(E.Text));
    return false;
  }
  if (!checkPlan(Plan, E) || !checkSide(M, Plan, File, E) ||
      !map(M, Plan, File, E))
    return false;
  if (M.App)
    M.Bias = M.App->choosePlace(Plan);
  M.Tls = Plan.Tls;
  return readHeaders(M, File, E);
}

// --- Constructors and destructors -------------------------------------------

using Function = void (*)();

// The I-th entry of DT_INIT_ARRAY or DT_FINI_ARRAY, relocated.
uint64_t entryOf(const Module &M, const Table &T, uint64_t I) {
  return *reinterpret_cast<const uint64_t *>(M.at(T.Address + I * 8, 8));
}

void call(uint64_t Address) { reinterpret_cast<Function>(Address)(); }

void construct(const Module &M) {
  const Dynamic &D = M.Dynamic;
  if (D.Init)
    call(M.Base + D.Init);
  for (uint64_t I = 0; I != D.InitArray.Size / 8; ++I)
    call(entryOf(M, D.InitArray, I));
}

void destruct(const Module &M) {
  const Dynamic &D = M.Dynamic;
  for (uint64_t I = D.FiniArray.Size / 8; I; --I)
    call(entryOf(M, D.FiniArray, I - 1));
  if (D.Fini)
    call(M.Base + D.Fini);
}

// --- The list ---------------------------------------------------------------

Module *findModule(const char *Name) {
  Module *M = Newest;
  while (M && strcmp(M->Name, Name) != 0)
    M = M->Next;
  return M;
}

} // namespace

bool checkFunctions(const Module &M, const Table &T, uint64_t Single,
                    const char *What, Error &E) {
  if (Single && !M.isCode(M.Bias + Single))
    return refuse(E, "%s 0x%lx is not in its code", What, Single);
  for (uint64_t I = 0; I != T.Size / 8; ++I)
    if (!M.isCode(entryOf(M, T, I)))
      return refuse(E, "%s %lu: 0x%lx is not in its code", What, I,
                    entryOf(M, T, I));
  return true;
}

bool nextPath(const char *&List, char *Path, size_t Size) {
  size_t N = 0;
  for (; *List && *List != ','; ++List)
    if (N + 1 < Size)
      Path[N++] = *List;
  Path[N] = 0;
  List += *List == ',';
  return N;
}

bool refuse(Error &E, const char *Format, ...) {
  va_list Values;
  va_start(Values, Format);
  formatV(E.Text, sizeof(E.Text), Format, Values);
  va_end(Values);
  return false;
}

void discard(Module *M) {
  if (!M)
    return;
  if (M->TlsNumber)
    segshift_tls_remove(&module_tls::registry(), M->TlsNumber);
  unmap(*M);
  heap::free(M->TlsIndexes);
  heap::destroy(M);
}

// --- The steps --------------------------------------------------------------

Stage<Step::Loaded> Loader::load(const char *Name, Bytes File, Error &E,
                                 Program *App) {
  void *Memory = allocate(sizeof(Module));
  if (!Memory) {
    refuse(E, "no memory");
    return Stage<Step::Loaded>(nullptr);
  }
  Stage<Step::Loaded> S(new (Memory) Module());
  format(S.M->Name, sizeof(S.M->Name), "%s", Name);
  S.M->App = App;
  if (!loadInto(*S.M, File, E))
    discard(S.release());
  return S;
}

Stage<Step::TlsAllocated> Loader::allocateTls(Stage<Step::Loaded> &&From,
                                              Error &E) {
  Stage<Step::TlsAllocated> S(From.release());
  if (!S)
    return S;
  Module &M = *S.M;
  if (M.App) {
    if (!M.App->chooseTls(M.Tls, E))
      discard(S.release());
    return S;
  }
  if (!M.Tls.MemSize)
    return S;
  const segshift_tls_image Image = {
      reinterpret_cast<const void *>(M.Base + M.Tls.VAddr), M.Tls.VAddr,
      M.Tls.FileSize, M.Tls.MemSize, M.Tls.Align};
  bool IsStatic = needsStaticTls(M);
  int Result = (IsStatic ? segshift_tls_add_static : segshift_tls_add)(
      &module_tls::registry(), &Image, &M.TlsNumber);
  if (!Result)
    return S;
  M.TlsNumber = 0;
  refuse(E, "%lu bytes of %s TLS, aligned to %lu: %s", M.Tls.MemSize,
         IsStatic ? "initial-exec" : "dynamic", M.Tls.Align,
         Result == -SEGSHIFT_ENOSPC ? "no room is left for modules"
                                    : "not to be had");
  discard(S.release());
  return S;
}

Stage<Step::Relocated> Loader::relocate(Stage<Step::TlsAllocated> &&From,
                                        Error &E) {
  Stage<Step::Relocated> S(From.release());
  if (S && !module::relocate(*S.M, E))
    discard(S.release());
  return S;
}

bool Loader::handOver(Stage<Step::Relocated> &&S, Error &E) {
  return S && S.M->App->takeOver(*S.M, E);
}

Stage<Step::TlsInitialised> Loader::initialiseTls(Stage<Step::Relocated> &&From,
                                                  Error &) {
  Stage<Step::TlsInitialised> S(From.release());
  if (S && S.M->TlsNumber)
    segshift_tls_fill(&module_tls::registry(), S.M->TlsNumber);
  return S;
}

Stage<Step::Protected> Loader::protect(Stage<Step::TlsInitialised> &&From,
                                       Error &) {
  Stage<Step::Protected> S(From.release());
  if (S)
    makeReadOnly(S.M->RelroStart, S.M->RelroEnd);
  return S;
}

Module *Loader::start(Stage<Step::Protected> &&From, Error &E) {
  Module *M = From.release();
  if (!M)
    return nullptr;
  const Dynamic &D = M->Dynamic;
  if (!checkFunctions(*M, D.InitArray, D.Init, "constructor", E) ||
      !checkFunctions(*M, D.FiniArray, D.Fini, "destructor", E)) {
    discard(M);
    return nullptr;
  }
  construct(*M);
  return M;
}

// --- For the rest of the kernel ---------------------------------------------

bool load(const char *Name, Bytes File, Error &E) {
  MutexGuard Guard(LoaderMutex);
  {
    cpu::LockGuard ListGuard(ListLock);
    if (findModule(Name))
      return refuse(E, "is loaded already");
  }
  using L = Loader;
  Module *M = L::start(
      L::protect(
          L::initialiseTls(
              L::relocate(L::allocateTls(L::load(Name, File, E), E), E), E),
          E),
      E);
  if (!M)
    return false;
  log("module %s: at 0x%lx, %lu bytes of TLS%s", M->Name, M->Base,
      M->Tls.MemSize,
      !M->TlsNumber        ? ""
      : needsStaticTls(*M) ? ", in the surplus"
                           : ", dynamic");
  cpu::LockGuard ListGuard(ListLock);
  M->Next = Newest;
  Newest = M;
  return true;
}

bool loadProgram(const char *Name, Bytes File, Program &App, Error &E) {
  MutexGuard Guard(LoaderMutex);
  using L = Loader;
  return L::handOver(
      L::relocate(L::allocateTls(L::load(Name, File, E, &App), E), E), E);
}

bool unload(const char *Name, Error &E) {
  MutexGuard Guard(LoaderMutex);
  Module *M;
  {
    cpu::LockGuard ListGuard(ListLock);
    M = findModule(Name);
    if (!M)
      return refuse(E, "no such module");
    if (M->NumUses)
      return refuse(E, "in use by %u", M->NumUses);
    M->IsEnding = true;
  }
  destruct(*M);
  {
    cpu::LockGuard ListGuard(ListLock);
    Module **Link = &Newest;
    while (*Link != M)
      Link = &(*Link)->Next;
    *Link = M->Next;
  }
  discard(M);
  return true;
}

bool loadAll() {
  char Paths[options::MaxValue] = "";
  if (const char *Value = options::get("module"))
    format(Paths, sizeof(Paths), "%s", Value);
  if (Paths[0])
    prepareMemory();
  char Path[sizeof(Module::Name)];
  for (const char *At = Paths; nextPath(At, Path, sizeof(Path));) {
    initrd::File F;
    Error E;
    size_t Pages = memory::freePages(), Heap = heap::usedBytes();
    if (initrd::find(Path, F) ? load(Path, {F.Data, F.Size}, E)
                              : refuse(E, "there is no such file"))
      continue;
    log("module %s: refused; it has left behind %lu pages, %lu bytes of heap",
        Path, Pages - memory::freePages(), heap::usedBytes() - Heap);
    control::send("error module %s: %s", Path, E.Text);
    return false;
  }
  return true;
}

void unloadAll() {
  for (;;) {
    char Name[sizeof(Module::Name)];
    {
      cpu::LockGuard ListGuard(ListLock);
      if (!Newest)
        return;
      memcpy(Name, Newest->Name, sizeof(Name));
    }
    Error E;
    if (!unload(Name, E)) {
      log("module %s: not unloaded: %s", Name, E.Text);
      return;
    }
    log("module %s: unloaded", Name);
  }
}

Use::Use(const char *Name) {
  cpu::LockGuard Guard(ListLock);
  M = findModule(Name);
  if (M && M->IsEnding)
    M = nullptr;
  if (M)
    ++M->NumUses;
}

Use::~Use() {
  cpu::LockGuard Guard(ListLock);
  if (M)
    --M->NumUses;
}

void *Use::symbol(const char *Name) const {
  const Symbol *S = M->find(Name);
  if (!S || S->type() == TypeTls || S->type() == TypeIfunc)
    return nullptr;
  return reinterpret_cast<void *>(M->Base + S->Value);
}

} // namespace module
