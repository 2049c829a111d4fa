// Kernel modules: ELF shared objects out of the initrd, with thread-local
// variables behind GS. Only in kernels whose own are there (MODE_HAS_MODULES).
//
// A module is compiled with the plugin, or by another compiler and moved by
// segshift rewrite --note, as position-independent code without red zone and
// without vector registers. It sees what the kernel exports
// (module_exports.cpp) and nothing else: neither other modules nor libraries.
//
// Loading goes through the stages below, each made out of the one before, so
// that a step that is left out, or comes too early, does not compile:
//
//   load -> allocateTls -> relocate -> initialiseTls -> protect -> start
//
//  - Relocations need the module's TLS number and its place in the surplus.
//  - A thread's copy of .tdata is taken after relocation: .tdata may hold
//    pointers.
//  - Relocations are written into what protection makes read-only.
//  - Constructors are the first code of the module to run with all in place.
//    (Resolvers of IRELATIVE relocations run earlier, and may use neither TLS
//    nor anything that such relocations fill in.)
//
// Format: System V gABI, chapters 4 and 5; x86-64 psABI, 4.4 and 5.2; the GNU
// hash table as ld.so reads it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_MODULE_H
#define STUB_MODULE_H

#include <stddef.h>
#include <stdint.h>

namespace elf {
struct Plan;
struct Tls;
} // namespace elf

namespace module {

struct Module; // module_object.h
struct Export;

// Why a module was refused: one line.
struct Error {
  char Text[192] = "";
};

// A file as it lies in the initrd.
struct Bytes {
  const uint8_t *Data;
  size_t Size;
};

// A program of the application's side that goes through the loader's first
// three steps: what these ask of whoever starts it.
struct Program {
  // Whether such a file is of this side.
  virtual bool checkSide(bool HasGsNote, Error &E) = 0;
  // The address that it shall be at.
  virtual uint64_t choosePlace(const elf::Plan &P) = 0;
  // Decides where its TLS blocks are.
  virtual bool chooseTls(const elf::Tls &Tls, Error &E) = 0;
  // What stands for a module's number in its relocations: where its image, or
  // the kernel's, is from FS on. R_X86_64_TPOFF64 is this and the offset in it,
  // a TLS descriptor the same; R_X86_64_DTPMOD64 is this alone, and the
  // program's
  // __tls_get_addr adds all three. For the kernel's image that offset is from
  // the kernel's thread pointer.
  virtual uint64_t ownPlace() const = 0;
  virtual uint64_t kernelPlace() const = 0;
  // What the kernel exports to it. Null: it does not.
  virtual const Export *find(const char *Name) const = 0;
  // Copies it, relocated, into its address space.
  virtual bool takeOver(const Module &M, Error &E) = 0;

protected:
  ~Program() = default;
};

// Gives back all that a module has so far. Null: nothing.
void discard(Module *M);

enum class Step : uint8_t {
  Loaded,
  TlsAllocated,
  Relocated,
  TlsInitialised,
  Protected,
};

// A module on its way, after a step; empty if that failed. Whoever drops one
// drops the module.
template <Step S> class [[nodiscard]] Stage {
public:
  Stage(Stage &&Other) noexcept : M(Other.release()) {}
  Stage(const Stage &) = delete;
  Stage &operator=(const Stage &) = delete;
  Stage &operator=(Stage &&) = delete;
  ~Stage() { discard(M); }
  explicit operator bool() const { return M; }

private:
  friend struct Loader;
  explicit Stage(Module *M) : M(M) {}
  Module *release() {
    Module *Result = M;
    M = nullptr;
    return Result;
  }
  Module *M;
};

// The steps. An empty stage gives an empty one. By one thread at a time.
struct Loader {
  // Checks the file, and copies its segments to addresses of their own. App: it
  // is no module but a program, of the application's side, which goes
  // through the first three steps and is then handed over.
  static Stage<Step::Loaded> load(const char *Name, Bytes File, Error &E,
                                  Program *App = nullptr);
  // Gives PT_TLS a number, and room in all threads if it is initial-exec.
  static Stage<Step::TlsAllocated> allocateTls(Stage<Step::Loaded> &&S,
                                               Error &E);
  static Stage<Step::Relocated> relocate(Stage<Step::TlsAllocated> &&S,
                                         Error &E);
  // Copies a program into its address space. False: E says why.
  static bool handOver(Stage<Step::Relocated> &&S, Error &E);
  // Copies .tdata to all threads, if it is initial-exec; else each thread makes
  // its block when it first touches it.
  static Stage<Step::TlsInitialised> initialiseTls(Stage<Step::Relocated> &&S,
                                                   Error &E);
  // RELRO.
  static Stage<Step::Protected> protect(Stage<Step::TlsInitialised> &&S,
                                        Error &E);
  // Runs the constructors.
  static Module *start(Stage<Step::Protected> &&S, Error &E);
};

// --- For the rest of the kernel ---------------------------------------------

// All steps. Threads have a DTV and room for modules only if the command line
// has "module=" (module_tls.h): without it this must not be called. Name is
// the one by which it is found again. False: E says why, and
// nothing is left behind.
bool load(const char *Name, Bytes File, Error &E);

// A program of the application's side: the steps up to handOver. False: E says
// why; what is in the program's address space is the caller's.
bool loadProgram(const char *Name, Bytes File, Program &App, Error &E);

// Runs the destructors and removes a module. False: there is none, or it is in
// use.
bool unload(const char *Name, Error &E);

// The modules that the kernel's command line names ("module=/a.so,/b.so"). The
// first that is refused ends it: false, after a message to the runner.
bool loadAll();
// All modules, the last one first.
void unloadAll();

// The next path of such a list, cut to Size; advances List. False: at its end.
bool nextPath(const char *&List, char *Path, size_t Size);

// Makes the page tables for modules, which stay. By load(), and by tests that
// count pages.
void prepareMemory();

// A module in use: it is not unloaded meanwhile. All calls of a module's code
// are made under one.
class Use {
public:
  explicit Use(const char *Name);
  ~Use();
  Use(const Use &) = delete;
  Use &operator=(const Use &) = delete;

  explicit operator bool() const { return M; }
  // The address of a function or object that it exports, or null.
  void *symbol(const char *Name) const;

private:
  Module *M;
};

// For tests: the allocation after so many fails. ~0: none does.
extern uint64_t AllocationsLeft;

} // namespace module

#endif
