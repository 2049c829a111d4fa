// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/selftest.h"
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/control.h"
#include "device/log.h"
#include "device/timer.h"
#include "entry/interrupts.h"
#include "lib/string.h"
#include "linux/process/process.h"
#include "memory/memory.h"
#include "test/cxx_tests.h"
#include "test/heap_test.h"
#include "test/selftest_module.h"
#include "test/selftest_smp.h"
#include "thread/thread.h"
#include "user/vm.h"

static bool Failed;

bool selftest::check(bool Ok, const char *What) {
  if (!Ok) {
    log("selftest: failed: %s", What);
    __atomic_store_n(&Failed, true, __ATOMIC_RELAXED);
  }
  return Ok;
}
bool selftest::hasFailed() { return Failed; }

namespace {

// --- Code in the place of a program ----------------------------------------
//
// It runs on a program's stack, in ring 0, so not with ring=3, and asks the
// kernel by system calls. That it shares the kernel's text lets it read the
// kernel's counters and segment bases.

enum : int64_t {
  SYS_mmap = 9,
  SYS_sched_yield = 24,
  SYS_getpid = 39,
  SYS_clone = 56,
  SYS_exit = 60,
  SYS_arch_prctl = 158,
  SYS_clock_gettime = 228,
  SYS_exit_group = 231,
};

int64_t call(int64_t Number, uint64_t A = 0, uint64_t B = 0, uint64_t C = 0,
             uint64_t D = 0, uint64_t E = 0, uint64_t F = 0) {
  register uint64_t R10 asm("r10") = D;
  register uint64_t R8 asm("r8") = E;
  register uint64_t R9 asm("r9") = F;
  int64_t Result;
  asm volatile("syscall"
               : "=a"(Result)
               : "a"(Number), "D"(A), "S"(B), "d"(C), "r"(R10), "r"(R8), "r"(R9)
               : "rcx", "r11", "memory");
  return Result;
}

uint64_t mapPages(uint64_t Size) {
  return call(SYS_mmap, 0, Size, 3 /* read, write */, 0x22 /* anonymous */, -1);
}

[[noreturn]] void finish() {
  call(SYS_exit_group, Failed);
  __builtin_trap();
}

// Canonical, and nothing there.
constexpr uint64_t UnmappedFs = 0x5e9500000000;

// Trap 8 of the design: everything that enters the kernel, while FS points to
// unmapped memory. A kernel that reads through FS faults.
void fsUnmapped() {
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, UnmappedFs) == 0);
  constexpr uint64_t NumPages = 64;
  uint64_t Pages = mapPages(NumPages * 4096);
  for (uint64_t I = 0; I != NumPages; ++I) {
    // Even pages are faulted in by this code, odd ones by the kernel's copy.
    uint64_t Page = Pages + I * 4096;
    if (I % 2 == 0)
      *reinterpret_cast<volatile char *>(Page) = 1;
    else
      CHECK(call(SYS_clock_gettime, 1, Page) == 0);
    CHECK(call(SYS_getpid) > 0);
    CHECK(segshift_read_fs_base() == UnmappedFs);
  }
  uint64_t Start = __atomic_load_n(&timer::Ticks, __ATOMIC_RELAXED);
  while (__atomic_load_n(&timer::Ticks, __ATOMIC_RELAXED) - Start < 20)
    cpu::pause();
  CHECK(segshift_read_fs_base() == UnmappedFs);
  uint64_t Told = 0;
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_GET_FS,
             reinterpret_cast<uint64_t>(&Told)) == 0);
  CHECK(Told == UnmappedFs);
  // What Linux refuses, and what belongs to the kernel.
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, 0x800000000000) ==
        -SEGSHIFT_EPERM);
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, 1ull << 63) ==
        -SEGSHIFT_EPERM);
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_GS, UnmappedFs) ==
        -SEGSHIFT_EINVAL);
  CHECK(segshift_read_fs_base() == UnmappedFs);
  finish();
}

// Trap 8: two bases, distinct, non-zero, unrelated.
void tlsMix() {
  CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, UnmappedFs) == 0);
  uint64_t Fs = segshift_read_fs_base(), Gs = segshift_read_gs_base();
  uint64_t Distance = Fs < Gs ? Gs - Fs : Fs - Gs;
  CHECK(Fs && Gs);
  CHECK(Distance > 1 << 30);
  CHECK(reinterpret_cast<uint64_t>(segshift_tp()) == Gs);
  finish();
}

// Starts a thread of the program with an FS of its own.
void spawn(void (*Function)(uint64_t), uint64_t Argument, uint64_t Fs) {
  constexpr uint64_t StackSize = 16384;
  auto *Top = reinterpret_cast<uint64_t *>(mapPages(StackSize) + StackSize);
  *--Top = reinterpret_cast<uint64_t>(Function);
  *--Top = Argument;
  // VM, FS, FILES, SIGHAND, THREAD, SETTLS
  constexpr uint64_t Flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x80000;
  register uint64_t R10 asm("r10") = 0;
  register uint64_t R8 asm("r8") = Fs;
  int64_t Result;
  asm volatile("syscall\n\t"
               "testq %%rax, %%rax\n\t"
               "jnz 1f\n\t"
               "popq %%rdi\n\t"
               "popq %%rax\n\t"
               "xorl %%ebp, %%ebp\n\t"
               "callq *%%rax\n\t"
               "movl %[Exit], %%eax\n\t"
               "xorl %%edi, %%edi\n\t"
               "syscall\n\t"
               "ud2\n"
               "1:"
               : "=a"(Result)
               : "a"(SYS_clone), "D"(Flags), "S"(Top), "d"(0), "r"(R10),
                 "r"(R8), [Exit] "i"(SYS_exit)
               : "rcx", "r11", "memory");
  CHECK(Result > 0);
}

constexpr uint64_t NumSpawned = 16;
unsigned NumFinished;
uint64_t LastTick;

uint64_t fsOf(uint64_t Index, uint64_t Round) {
  return UnmappedFs + (Index + 1) * 0x100000000 + Round % 64 * 0x1000;
}

// Each thread keeps changing its FS, by the system call and by wrfsbase where
// there is that, and looks whether it is what it was set to.
void fsThread(uint64_t Index) {
  uint64_t Expected = fsOf(Index, 0);
  for (uint64_t Round = 1;
       __atomic_load_n(&timer::Ticks, __ATOMIC_RELAXED) < LastTick; ++Round) {
    for (unsigned I = 0; I != 200; ++I)
      if (segshift_read_fs_base() != Expected) {
        selftest::check(false, "a thread's FS is not what the thread set");
        break;
      }
    Expected = fsOf(Index, Round);
    if (Index % 2)
      segshift_write_fs_base(Expected);
    else
      CHECK(call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, Expected) == 0);
  }
  __atomic_add_fetch(&NumFinished, 1, __ATOMIC_RELAXED);
}

void threads16() {
  LastTick = timer::Ticks + 20 * NumSpawned;
  for (uint64_t I = 0; I != NumSpawned; ++I)
    spawn(fsThread, I, fsOf(I, 0));
  while (__atomic_load_n(&NumFinished, __ATOMIC_RELAXED) != NumSpawned)
    call(SYS_sched_yield);
  finish();
}

int runProgram(void (*Function)()) {
  if (ProgramsInRing3) {
    log("selftest: a function of the kernel as a program, for ring=0 only");
    return 1;
  }
  Process P = process::runFunction(Function);
  if (P.Signal)
    log("selftest: killed by signal %d", P.Signal);
  if (P.NumSyscalls != P.NumTracedSyscalls)
    log("selftest: failed: the kernel's thread-local count of system calls");
  return P.Signal || P.Status || P.NumSyscalls != P.NumTracedSyscalls;
}

// --- Kernel code ------------------------------------------------------------

unsigned NumConstructed, NumDestroyed;
struct Probe {
  Probe() : Self(this) { ++NumConstructed; }
  ~Probe() { NumDestroyed += Self == this; }
  Probe *Self;
};
thread_local Probe ThreadProbe;
Probe *Seen[2];
unsigned NumEnded;

void useProbe(void *Slot) {
  *static_cast<Probe **>(Slot) = ThreadProbe.Self;
  thread::yield();
  CHECK(*static_cast<Probe **>(Slot) == &ThreadProbe);
  ++NumEnded;
}

// A C++ thread_local: constructed in each thread that uses it, at an address of
// its own, and destroyed at the thread's end.
int cxx() {
  // All are made first: one that has ended may leave its block to the next.
  Thread *Users[] = {
      thread::create(useProbe, &Seen[0], nullptr),
      thread::create(useProbe, &Seen[1], nullptr),
      thread::create([](void *) { ++NumEnded; }, nullptr, nullptr),
  };
  for (Thread *T : Users)
    thread::start(*T);
  while (NumEnded != 3 || NumDestroyed != 2)
    thread::yield();
  CHECK(Seen[0] && Seen[1] && Seen[0] != Seen[1]);
  CHECK(NumConstructed == 2);
  return Failed;
}

// Threads that end give back all that they had.
int leak() {
  size_t NumBefore = thread::numThreads();
  auto Run = [&] {
    Thread *Created[8];
    for (Thread *&T : Created)
      T = thread::create(
          [](void *) { memory::freePage(memory::allocatePage()); }, nullptr,
          nullptr);
    for (Thread *T : Created)
      thread::start(*T);
    while (thread::numThreads() != NumBefore) {
      thread::yield();
      thread::reap();
    }
    return memory::freePages();
  };
  // The first round makes page tables that stay.
  size_t Before = Run();
  CHECK(Run() == Before);
  return Failed;
}

int nmi() {
  thread::PreemptGuard Guard; // it is this thread that is to count them
  for (unsigned I = 0; I != 100; ++I) {
    unsigned Before = interrupts::nmiCount();
    smp::sendNmi(smp::current());
    while (interrupts::nmiCount() == Before)
      cpu::pause();
  }
  CHECK(interrupts::nmiCount() == 100);
  return Failed;
}

[[gnu::noinline]] int innerPanic() { panic("selftest: panic on purpose"); }
[[gnu::noinline]] int outerPanic() { return innerPanic() + 1; }

int fault() {
  volatile int *Nothing = nullptr;
  asm("" : "+r"(Nothing)); // hides the null from the compiler
  return *Nothing;
}

[[gnu::noinline]] int overflow(int N) {
  volatile char Frame[256];
  Frame[0] = N;
  return N ? overflow(N + 1) + Frame[0] : 0;
}
int stackOverflow() { return overflow(1); }

[[gnu::noinline]] void fill(char *To, size_t Size) { memset(To, 1, Size); }
int canary() {
  char Buffer[16];
  size_t Size = 64;
  asm("" : "+r"(Size));
  fill(Buffer, Size);
  return Buffer[0];
}

// For debug images: the next entry sees that the TCB does not point to itself.
int badThreadPointer() {
  segshift_set_tp(static_cast<char *>(segshift_tp()) + 64);
  asm volatile("int3");
  return 1;
}

// What SMAP and SMEP are to catch. 1: they did not.
uint64_t programPage(const void *Contents, size_t Size) {
  uint64_t Page = vm::mapAnywhere(4096, {vm::Read | vm::Write | vm::Exec});
  CHECK(Page && copyToUser(Page, Contents, Size));
  return Page;
}
int smap() {
  uint64_t Page = programPage("", 1);
  return *reinterpret_cast<volatile char *>(Page) + 1;
}
int smep() {
  const uint8_t Code[] = {0xc3}; // ret
  reinterpret_cast<void (*)()>(programPage(Code, sizeof(Code)))();
  return 1;
}
// As in a copy that is interrupted: the handler must not inherit AC.
int smapInterrupted() {
  uint64_t Page = programPage("", 1);
  asm volatile("pushfq; orl $0x40000, (%%rsp); popfq" : : : "memory");
  CHECK(*reinterpret_cast<volatile char *>(Page) == 0); // allowed now
  interrupts::TouchAtBreakpoint = Page;
  asm volatile("int3");
  return 1;
}

struct Test {
  const char *Name;
  void (*Program)(); // one of the two
  int (*Kernel)();   // returns 0 if all is well
};
const Test Tests[] = {
    {"fs-unmapped", fsUnmapped, nullptr},
    {"tls-mix", tlsMix, nullptr},
    {"threads16", threads16, nullptr},
    {"cxx", nullptr, cxx},
    {"leak", nullptr, leak},
    {"heap", nullptr, heap_test::run},
    {"nmi", nullptr, nmi},
    {"panic", nullptr, outerPanic},
    {"fault", nullptr, fault},
    {"stack-overflow", nullptr, stackOverflow},
    {"canary", nullptr, canary},
    {"smap", nullptr, smap},
    {"smap-interrupted", nullptr, smapInterrupted},
    {"smep", nullptr, smep},
    {"bad-tp", nullptr, badThreadPointer},
    {"smp-tls", nullptr, smp_test::tls},
    {"smp-locks", nullptr, smp_test::locks},
    {"smp-timers", nullptr, smp_test::timers},
    {"smp-shootdown", nullptr, smp_test::shootdown},
    {"smp-nmi-storm", nullptr, smp_test::nmiStorm},
    {"smp-spread", nullptr, smp_test::spread},
    {"smp-many-threads", nullptr, smp_test::manyThreads},
    {"smp-panic", nullptr, smp_test::panicOther},
    {"smp-wrong-note", nullptr, smp_test::wrongNote},
#ifdef MODE_HAS_MODULES
    {"modules", nullptr, module_test::run},
    {"modules-no-memory", nullptr, module_test::noMemory},
    {"programs-no-memory", nullptr, module_test::noMemoryForPrograms},
    {"modules-refused", nullptr, module_test::refused},
#endif
#ifdef STUB_CXX_RUNTIME
    {"cxx-exceptions", nullptr, cxx_test::exceptions},
    {"cxx-call-once", nullptr, cxx_test::callOnce},
    {"cxx-uncaught", nullptr, cxx_test::uncaught},
    {"cxx-registers", nullptr, cxx_test::registers},
#endif
};

} // namespace

void selftest::run(const char *Name) {
  for (const Test &T : Tests)
    if (!strcmp(T.Name, Name)) {
      int Status = T.Program ? runProgram(T.Program) : T.Kernel();
      log("selftest %s: %s", T.Name, Status ? "failed" : "passed");
      control::send("exit %d", Status ? 1 : 0);
      return;
    }
  control::send("error no self-test named %s", Name);
}
