// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/selftest_module.h"
#include "app/app.h"
#include "boot/initrd.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "lib/options.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "module/module.h"
#include "module/module_api.h"
#include "module/module_tls.h"
#include "test/selftest.h"
#include "thread/thread.h"
#include "user/vm.h"

namespace {

constexpr unsigned MaxModules = 16, PerCpu = 3;
constexpr long Turns = 40;
char Names[MaxModules][64];
unsigned NumModules;

bool IsLoaded, IsUnloaded; // in this round
unsigned NumReady, NumChecked, NumEnded;

unsigned load(const unsigned &V) {
  return __atomic_load_n(&V, __ATOMIC_ACQUIRE);
}
bool load(const bool &V) { return __atomic_load_n(&V, __ATOMIC_ACQUIRE); }
void set(bool &V, bool To) { __atomic_store_n(&V, To, __ATOMIC_RELEASE); }
void add(unsigned &V) { __atomic_add_fetch(&V, 1, __ATOMIC_ACQ_REL); }
void waitUntil(const unsigned &V, unsigned Wanted) {
  while (load(V) != Wanted)
    thread::yield();
}

using Check = long (*)(long Turn);

// Each module's variables count the turns of this thread alone, on whatever
// processor it runs; kernel_scratch counts those of all modules.
void checkModules() {
  for (long Turn = 0; Turn != Turns; ++Turn) {
    for (unsigned I = 0; I != NumModules; ++I) {
      module::Use U(Names[I]);
      auto Function =
          U ? reinterpret_cast<Check>(U.symbol("module_check")) : nullptr;
      if (!CHECK(Function))
        return;
      long Bad = Function(Turn);
      if (Bad)
        log("selftest: %s, thread %d, turn %ld: check %ld", Names[I],
            thread::current().Id, Turn, Bad);
      CHECK(!Bad);
      module::Error E;
      CHECK(!module::unload(Names[I], E)); // in use
    }
    thread::setAffinity(thread::current(), 1u << Turn % smp::numCpus());
    thread::yield();
  }
  CHECK(kernel_scratch == Turns * NumModules);
}

// It is there before the modules, and again after them.
void older(void *) {
  add(NumReady);
  while (!load(IsLoaded))
    thread::yield();
  checkModules();
  add(NumChecked);
  while (!load(IsUnloaded))
    thread::yield();
  add(NumEnded);
}

void younger(void *) {
  checkModules();
  add(NumEnded);
}

void startThread(void (*Function)(void *)) {
  Thread *T = thread::create(Function, nullptr, nullptr);
  if (!T)
    panic("selftest: no memory for a thread");
  thread::start(*T);
}

void readNames() {
  static char List[options::MaxValue];
  if (const char *Value = options::get("module"))
    format(List, sizeof(List), "%s", Value);
  const char *At = List;
  while (NumModules != MaxModules &&
         module::nextPath(At, Names[NumModules], sizeof(*Names)))
    ++NumModules;
  CHECK(NumModules);
  module::prepareMemory();
}

bool loadOne(const char *Name, module::Error &E) {
  initrd::File F;
  return CHECK(initrd::find(Name, F)) &&
         module::load(Name, {F.Data, F.Size}, E);
}

void unloadAll() {
  for (unsigned I = NumModules; I; --I) {
    module::Error E;
    CHECK(module::unload(Names[I - 1], E));
    CHECK(!module::unload(Names[I - 1], E));
  }
}

void round() {
  unsigned NumOlder = smp::numCpus() * PerCpu;
  NumReady = NumChecked = NumEnded = 0;
  set(IsLoaded, false);
  set(IsUnloaded, false);
  for (unsigned I = 0; I != NumOlder; ++I)
    startThread(older);
  waitUntil(NumReady, NumOlder);
  for (unsigned I = 0; I != NumModules; ++I) {
    module::Error E;
    if (!CHECK(loadOne(Names[I], E)))
      panic("selftest: %s: %s", Names[I], E.Text);
    CHECK(!loadOne(Names[I], E)); // twice
  }
  set(IsLoaded, true);
  for (unsigned I = 0; I != PerCpu; ++I)
    startThread(younger);
  waitUntil(NumChecked, NumOlder);
  waitUntil(NumEnded, PerCpu);
  // The older threads are still there, with their blocks.
  log("selftest: %lu blocks of modules in %u threads",
      module_tls::registry().blocks, NumOlder);
  unloadAll();
  CHECK(!module_tls::registry().blocks);
  set(IsUnloaded, true);
  waitUntil(NumEnded, NumOlder + PerCpu);
}

} // namespace

int module_test::run() {
  readNames();
  size_t NumThreads = thread::numThreads(), Heap = 0;
  for (unsigned I = 0; I != 3; ++I) {
    round();
    while (thread::numThreads() != NumThreads) {
      thread::yield();
      thread::reap();
    }
    // The first round makes what stays: page tables, kept threads.
    CHECK(!I || heap::usedBytes() == Heap);
    Heap = heap::usedBytes();
  }
  return selftest::hasFailed();
}

namespace {

// Loads a file and takes it away again. False: E says why.
using Attempt = bool (*)(const char *Name, module::Error &E);

bool tryModule(const char *Name, module::Error &E) {
  module::Error Unused;
  return loadOne(Name, E) && CHECK(module::unload(Name, Unused));
}

bool tryProgram(const char *Name, module::Error &E) {
  initrd::File F;
  app::Program A = {};
  bool Ok = CHECK(initrd::find(Name, F)) &&
            module::loadProgram(Name, {F.Data, F.Size}, A, E);
  vm::clear();
  return Ok;
}

// Lets each allocation fail, one after the other.
int failAllocations(Attempt Try) {
  readNames();
  for (unsigned I = 0; I != NumModules; ++I) {
    module::Error E;
    CHECK(Try(Names[I], E));
    thread::PreemptGuard Guard; // its pages come from this thread's cache
    size_t Pages = memory::freePages(), Heap = heap::usedBytes();
    unsigned NumFailures = 0;
    for (;; ++NumFailures) {
      E = {};
      module::AllocationsLeft = NumFailures;
      bool IsOk = Try(Names[I], E);
      module::AllocationsLeft = ~0ull;
      CHECK(memory::freePages() == Pages);
      CHECK(heap::usedBytes() == Heap);
      if (IsOk || !CHECK(E.Text[0] == 'n' && E.Text[1] == 'o')) // "no memory"
        break;
    }
    CHECK(NumFailures > 3);
    log("selftest: %s: %u allocations failed, one after the other", Names[I],
        NumFailures);
  }
  return selftest::hasFailed();
}

} // namespace

int module_test::noMemory() { return failAllocations(tryModule); }
int module_test::noMemoryForPrograms() { return failAllocations(tryProgram); }

int module_test::refused() {
  readNames();
  thread::PreemptGuard Guard; // its pages come from this thread's cache
  for (unsigned I = 0; I != NumModules; ++I) {
    size_t Pages = memory::freePages(), Heap = heap::usedBytes();
    module::Error E;
    CHECK(!loadOne(Names[I], E));
    log("selftest: %s: refused: %s", Names[I], E.Text);
    CHECK(memory::freePages() == Pages);
    CHECK(heap::usedBytes() == Heap);
  }
  return selftest::hasFailed();
}
