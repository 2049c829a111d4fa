// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/process.h"
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "cpu/smp.h"
#include "device/control.h"
#include "device/log.h"
#include "device/timer.h"
#include "entry/interrupts.h"
#include "entry/trace.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/open_file.h"
#include "linux/process/exec.h"
#include "linux/process/futex.h"
#include "linux/process/initial_stack.h"
#include "linux/process/robust_list.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "user/vm.h"

Process::Process() {
  enum : unsigned { STACK = 3, CORE = 4, NPROC = 6, NOFILE = 7 };
  constexpr uint64_t Unlimited = ~0ull;
  for (process::Limit &L : Limits)
    L = {Unlimited, Unlimited};
  Limits[STACK].Soft = 8 << 20;
  Limits[CORE] = {0, 0};
  Limits[NPROC] = {thread::MaxThreads, thread::MaxThreads};
  Limits[NOFILE] = {FileTable::MaxFiles, FileTable::MaxFiles};
}

FileTable &file::table() { return *process::current()->Files; }

FileTable *file::tableOrNull() {
  Process *P = process::current();
  return P ? P->Files : nullptr;
}

namespace process {

cpu::Lock StateLock;

namespace {

bool isEnding(const Process &P) {
  return __atomic_load_n(&P.Ending, __ATOMIC_SEQ_CST);
}

bool addThread(Process &P, Thread &T) {
  cpu::LockGuard Guard(StateLock);
  if (P.Ending)
    return false;
  // At the end: the first one is asked first when a signal comes.
  Thread **Link = &P.Threads;
  while (*Link)
    Link = &(*Link)->NextInProcess;
  *Link = &T;
  T.NextInProcess = nullptr;
  ++P.NumThreads;
  ++P.NumStarted;
  return true;
}

// A thread's name is its program's, without folders, and cut off.
void setName(Thread &T, const char *Path) {
  const char *Name = Path;
  for (const char *S = Path; *S; ++S)
    if (*S == '/')
      Name = S + 1;
  for (unsigned I = 0; I + 1 != sizeof(T.Name) && Name[I]; ++I)
    T.Name[I] = Name[I];
}

// From here on no one finds the thread.
void removeThread(Process &P, Thread &T) {
  cpu::LockGuard Guard(StateLock);
  for (Thread **Link = &P.Threads; *Link; Link = &(*Link)->NextInProcess)
    if (*Link == &T) {
      *Link = T.NextInProcess;
      return;
    }
}

uint64_t numNmis() {
  uint64_t N = 0;
  for (unsigned I = 0; I != smp::numCpus(); ++I)
    N += __atomic_load_n(&smp::cpu(I).NumNmis, __ATOMIC_RELAXED);
  return N;
}

// Logs what became of the threads' TLS blocks; test/boot/soak.test reads it.
// Others: threads that were there before the program's first.
void logThreads(const Process &P, size_t Others) {
  // A thread has ended a little before its processor has left its stack.
  for (unsigned I = 0; thread::numThreads() > Others && I != 1000; ++I) {
    thread::reap();
    thread::yield();
  }
  size_t Left = thread::numThreads() - Others;
  log("ended: %lu threads, with kernel TLS blocks of %lu bytes each; %lu "
      "blocks "
      "(%lu bytes) are left; %lu system calls; %lu NMIs since the start",
      static_cast<uint64_t>(P.NumStarted), kernel_tls::size(), Left,
      Left * kernel_tls::size(), P.NumSyscalls, numNmis());
}

void endLoader(Process &P) {
  if (exec::OtherLoader)
    exec::OtherLoader->End(P);
}

// Starts the first thread, and waits until the last one has ended.
void runThreads(Process &P, Thread &First) {
  size_t Others = thread::numThreads() - 1;
  P.Id = First.Id;
  addThread(P, First);
  thread::start(First);
  {
    cpu::LockGuard Guard(StateLock);
    while (P.NumThreads)
      thread::wait(&P, StateLock);
  }
  thread::waitForEndOfAll(P);
  log("program ended at time-stamp counter %lu", cpu::readTsc());
  thread::reap();
  interval_timer::clear();
  signal::discard(P.Signals.Shared);
  heap::destroy(P.Files);
  P.Files = nullptr;
  endLoader(P);
  vm::clear();
  // The same after each program, but for what its first use made for good: page
  // tables of the kernel's areas, and files that it left in the tree.
  log("memory: %lu pages free, heap of %lu bytes, after the program",
      memory::freePages(), heap::usedBytes());
  if (P.NumSyscalls != P.NumTracedSyscalls)
    log("kernel TLS was overwritten: it counts %lu system calls, %lu were made",
        P.NumTracedSyscalls, P.NumSyscalls);
  logThreads(P, Others);
}

// Ends the running thread of a program.
[[noreturn]] void endThread() {
  Thread &T = thread::current();
  Process &P = *T.Owner;
  if (!isEnding(P)) {
    robust_list::release(T.RobustList);
    if (T.ClearChildTid && putUser(T.ClearChildTid, 0u))
      futex::wake(T.ClearChildTid, 1);
  }
  removeThread(P, T);
  signal::discard(signal::stateOf(T).Own);
  signal::retarget(P);
  cpu::disableInterrupts();
  {
    cpu::LockGuard Guard(StateLock);
    P.CpuTime += T.CpuTime + timer::now() - T.RunningSince;
    P.NumSyscalls += T.NumSyscalls;
    P.NumTracedSyscalls += trace::count();
    // P may be gone once the lock is free.
    if (!--P.NumThreads)
      thread::wake(&P);
  }
  thread::end();
}

// The first one's reason counts.
void setEnding(Process &P, int Signal, int Status) {
  cpu::LockGuard Guard(StateLock);
  if (P.Ending)
    return;
  P.Signal = Signal;
  P.Status = Status & 0xff;
  __atomic_store_n(&P.Ending, true, __ATOMIC_SEQ_CST);
  for (Thread *T = P.Threads; T; T = T->NextInProcess)
    if (T != &thread::current())
      thread::interrupt(*T);
}

} // namespace

Process *current() { return thread::current().Owner; }

const char *Strings::next(const char *S) const {
  S = S ? S + strlen(S) + 1 : Data;
  return S < Data + Size ? S : nullptr;
}

void run(Strings Arguments, Strings Environment) {
  Process P;
  char Error[200];
  P.Arguments = Arguments;
  P.Environment = Environment;
  P.Files = FileTable::make();
  Thread *T = P.Files ? thread::create(nullptr, nullptr, &P) : nullptr;
  if (!T) {
    heap::destroy(P.Files);
    control::send("error no memory for a thread");
    return;
  }
  exec::Start S;
  if (!exec::load(P, *T, Arguments, Environment, S, Error, sizeof(Error))) {
    thread::discard(*T);
    heap::destroy(P.Files);
    endLoader(P);
    vm::clear();
    log("cannot start %s: %s", P.Path, Error);
    control::send("error %s", Error);
    return;
  }
  int Unused;
  P.Files->Program = file::open(P.Path, Unused);
  makeProgramFrame(*T->frame(), S.Rip, S.Rsp);
  // Under QEMU's -icount shift=0 the counter counts instructions.
  log("program starts at time-stamp counter %lu", cpu::readTsc());
  setName(*T, P.Path);
  runThreads(P, *T);
  if (P.Signal)
    control::send("signal %d", P.Signal);
  else
    control::send("exit %d", P.Status);
}

Process runFunction(void (*Function)()) {
  Process P;
  P.Files = FileTable::make();
  Thread *T = thread::create(nullptr, nullptr, &P);
  uint64_t StackTop = exec::mapStack();
  if (!P.Files || !T || !StackTop) {
    log("no memory for a program");
    P.Signal = SIGKILL;
    return P;
  }
  // As after a call: the return address is missing.
  makeProgramFrame(*T->frame(), reinterpret_cast<uint64_t>(Function),
                   StackTop - 8);
  runThreads(P, *T);
  return P;
}

Thread *createThread(const Frame &F) {
  Thread *T = thread::create(nullptr, nullptr, current());
  if (!T) {
    fail(EAGAIN);
    return nullptr;
  }
  *T->frame() = F;
  const Thread &Parent = thread::current();
  signal::stateOf(*T).Blocked = signal::stateOf(Parent).Blocked;
  T->Nice = Parent.Nice;
  extended_state::save(T->ExtendedState);
  return T;
}

bool startThread(Thread &T) {
  if (!addThread(*current(), T))
    return false;
  thread::start(T);
  return true;
}

void exitGroup(int Status) {
  setEnding(*current(), 0, Status);
  endThread();
}

void kill(int Signal, const char *Format, ...) {
  char Reason[160];
  va_list Arguments;
  va_start(Arguments, Format);
  formatV(Reason, sizeof(Reason), Format, Arguments);
  va_end(Arguments);
  log("program killed by signal %d: %s", Signal, Reason);
  const Frame *F = thread::current().frame();
  log("  rip 0x%lx  rsp 0x%lx  FS base 0x%lx", F->rip, F->rsp,
      mode::programFs());
  log("last system calls of the thread:");
  trace::dump();
  setEnding(*current(), Signal, 0);
  endThread();
}

void endBySignal(Process &P, int Signal) {
  log("program killed by signal %d: sent by the program itself", Signal);
  setEnding(P, Signal, 0);
}

void leaveCall() {
  if (isEnding(*current()))
    endThread();
}

void exitThread(int Status) {
  Process &P = *current();
  if (thread::current().Id == P.Id) {
    cpu::LockGuard Guard(StateLock);
    if (!P.Ending)
      P.Status = Status & 0xff;
  }
  endThread();
}

bool isEnding() { return isEnding(*current()); }

bool interrupted() {
  Process *P = current();
  return P && (isEnding(*P) ||
               __atomic_load_n(&signal::stateOf(thread::current()).Interrupted,
                               __ATOMIC_SEQ_CST));
}

uint64_t cpuTime(int Tid) { return cpuTimeOf(*current(), Tid); }

uint64_t cpuTimeOf(const Process &P, int Tid) {
  cpu::LockGuard Guard(StateLock);
  uint64_t Now = timer::now(), Sum = Tid ? 0 : P.CpuTime;
  for (Thread *T = P.Threads; T; T = T->NextInProcess) {
    if (Tid && T->Id != Tid)
      continue;
    Sum += T->CpuTime;
    // It may have begun to run, on another processor, after Now.
    if (__atomic_load_n(&T->S, __ATOMIC_ACQUIRE) == Thread::Running &&
        T->RunningSince < Now)
      Sum += Now - T->RunningSince;
  }
  return Sum;
}

bool sleep(uint64_t Deadline) {
  // No one wakes this key: it ends by thread::interrupt.
  const void *Key = &thread::current();
  while (!interrupted())
    if (thread::wait(Key, thread::ticket(Key), {Deadline, true}) ==
        thread::WaitResult::TimedOut)
      return interrupted();
  return true;
}

void leaveKernel() {
  Process *P = current();
  if (!P)
    return;
  Frame &F = *thread::current().frame();
  for (;;) {
    if (isEnding(*P)) {
      cpu::enableInterrupts();
      endThread();
    }
    if (!signal::isPending(F))
      return;
    cpu::enableInterrupts();
    {
      interrupts::FrameGuard Guard(&F);
      signal::deliver(F);
    }
    cpu::disableInterrupts();
  }
}

} // namespace process
