// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "process.h"
#include "control.h"
#include "copy_user.h"
#include "cpu.h"
#include "error.h"
#include "exec.h"
#include "interrupts.h"
#include "log.h"
#include "memory.h"
#include "string.h"
#include "trace.h"
#include "vm.h"

namespace process {
namespace {

// Starts the first thread, and waits until the last one has ended.
void runThreads(Process &P, Thread &First) {
  P.NumThreads = 1;
  thread::start(First);
  {
    cpu::InterruptGuard Guard;
    while (P.NumThreads)
      thread::wait(&P);
  }
  thread::reap();
  vm::clear();
  if (P.NumSyscalls != P.NumTracedSyscalls)
    log("kernel TLS was overwritten: it counts %lu system calls, %lu were made",
        P.NumTracedSyscalls, P.NumSyscalls);
}

// Ends the running thread of a program that has been told to end.
[[noreturn]] void endThread() {
  Thread &T = thread::current();
  Process &P = *T.Owner;
  if (T.ClearChildTid && !P.Ending) {
    putUser(T.ClearChildTid, 0);
    thread::wake(reinterpret_cast<void *>(T.ClearChildTid), 1);
  }
  cpu::disableInterrupts();
  P.NumSyscalls += T.NumSyscalls;
  P.NumTracedSyscalls += trace::count();
  if (!--P.NumThreads)
    thread::wake(&P);
  thread::end();
}

// The first one's reason counts.
void setEnding(Process &P, int Signal, int Status) {
  cpu::InterruptGuard Guard;
  if (P.Ending)
    return;
  P.Signal = Signal;
  P.Status = Status & 0xff;
  P.Ending = true;
  thread::interruptAll(P);
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
  Thread *T = thread::create(nullptr, nullptr, &P);
  if (!T) {
    control::send("error no memory for a thread");
    return;
  }
  exec::Start S;
  if (!exec::load(P, *T, Arguments, Environment, S, Error, sizeof(Error))) {
    thread::discard(*T);
    vm::clear();
    log("cannot start %s: %s", P.Path, Error);
    control::send("error %s", Error);
    return;
  }
  makeProgramFrame(*T->frame(), S.Rip, S.Rsp);
  runThreads(P, *T);
  if (P.Signal)
    control::send("signal %d", P.Signal);
  else
    control::send("exit %d", P.Status);
}

Process runFunction(void (*Function)()) {
  Process P;
  Thread *T = thread::create(nullptr, nullptr, &P);
  uint64_t StackTop = exec::mapStack();
  if (!T || !StackTop) {
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
  return T;
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
  const Frame *F = interrupts::currentFrame();
  log("  rip 0x%lx  rsp 0x%lx  FS base 0x%lx", F->rip, F->rsp,
      segshift_read_fs_base());
  log("last system calls of the thread:");
  trace::dump();
  setEnding(*current(), Signal, 0);
  endThread();
}

void exitThread(int Status) {
  {
    cpu::InterruptGuard Guard;
    if (current()->NumThreads == 1)
      setEnding(*current(), 0, Status);
  }
  endThread();
}

bool interrupted() {
  Process *P = current();
  return P && __atomic_load_n(&P->Ending, __ATOMIC_ACQUIRE);
}

void leaveKernel() {
  if (current() && current()->Ending)
    endThread();
}

} // namespace process
