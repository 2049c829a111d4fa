// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app.h"
#include "app/app_calls.h"
#include "app/app_tls.h"
#include "cpu/copy_user.h"
#include "lib/error.h"
#include "linux/process/process.h"
#include "memory/heap.h"
#include "memory/paging.h"
#include "user/vm.h"

namespace app {

struct Joinable {
  int Id = 0;
  bool HasEnded = false;
  uint64_t Result = 0;
  uint64_t Stack = 0;
  Joinable *Next = nullptr;
};

namespace {

// The lowest page is a guard. Pages are taken when they are touched, but for
// the highest: a thread that is there can run.
constexpr uint64_t StackSize = 256 << 10;

Program &current() { return *process::current()->App; }

// With A.Lock.
Joinable *find(Program &A, int Id) {
  Joinable *J = A.Threads;
  while (J && J->Id != Id)
    J = J->Next;
  return J;
}

void remove(Program &A, Joinable &J) {
  Joinable **Link = &A.Threads;
  while (*Link != &J)
    Link = &(*Link)->Next;
  *Link = J.Next;
}

uint64_t mapStack(bool Executable) {
  constexpr uint64_t Page = paging::PageSize;
  vm::Mapping Access;
  uint64_t Start = vm::mapAnywhere(StackSize, {});
  Access.Protection = vm::Read | vm::Write | (Executable ? vm::Exec : 0u);
  Access.NoReserve = true;
  if (!Start)
    return 0;
  if (vm::map(Start + Page, StackSize - Page, Access) &&
      vm::populate(Start + StackSize - Page, Page, true))
    return Start;
  vm::unmap(Start, StackSize);
  return 0;
}

// Null: no memory.
Thread *makeThread(const Joinable &J, uint64_t Function, uint64_t Argument) {
  Frame F;
  makeProgramFrame(F, reinterpret_cast<uint64_t>(app_thread_start),
                   J.Stack + StackSize);
  F.rdi = Function;
  F.rsi = Argument;
  Thread *T = process::createThread(F);
  if (T && app_tls::attach(current(), *T))
    return T;
  if (T)
    thread::discard(*T);
  return nullptr;
}

int createThread(uint64_t IdAt, uint64_t Attributes, uint64_t Function,
                 uint64_t Argument) {
  if (Attributes)
    return EINVAL;
  Program &A = current();
  auto *J = heap::make<Joinable>();
  if (!J)
    return EAGAIN;
  J->Stack = mapStack(A.ExecutableStack);
  Thread *T = J->Stack ? makeThread(*J, Function, Argument) : nullptr;
  int Error = T ? 0 : EAGAIN;
  if (T && !putUser(IdAt, static_cast<uint64_t>(T->Id)))
    Error = EFAULT;
  if (!Error) {
    J->Id = T->Id;
    cpu::LockGuard Guard(A.Lock);
    J->Next = A.Threads;
    A.Threads = J;
  }
  if (!Error && process::startThread(*T))
    return 0;
  if (!Error) { // the program is ending
    cpu::LockGuard Guard(A.Lock);
    remove(A, *J);
    Error = EAGAIN;
  }
  if (T)
    thread::discard(*T);
  if (J->Stack)
    vm::unmap(J->Stack, StackSize);
  heap::destroy(J);
  return Error;
}

int joinThread(uint64_t Id, uint64_t ResultAt) {
  Program &A = current();
  Joinable *J;
  {
    cpu::LockGuard Guard(A.Lock);
    for (;;) {
      J = find(A, Id);
      if (!J)
        return ESRCH;
      if (J->HasEnded)
        break;
      if (process::interrupted())
        return EINTR;
      thread::wait(J, A.Lock, {thread::NoDeadline, true});
    }
    remove(A, *J);
  }
  uint64_t Result = J->Result;
  heap::destroy(J);
  return ResultAt && !putUser(ResultAt, Result) ? EFAULT : 0;
}

// On its kernel stack: the other one can go.
[[noreturn]] void endThread(uint64_t Result) {
  Program &A = current();
  Joinable *J;
  {
    cpu::LockGuard Guard(A.Lock);
    J = find(A, thread::current().Id);
  }
  if (J) {
    vm::unmap(J->Stack, StackSize);
    cpu::LockGuard Guard(A.Lock);
    J->Result = Result;
    J->HasEnded = true;
    thread::wake(J);
  }
  process::exitThread(0);
}

[[noreturn]] void endProgram(int Status) { process::exitGroup(Status); }

APP_CALL(create, "pthread_create", createThread);
APP_CALL(join, "pthread_join", joinThread);
APP_CALL(endThread, "pthread_exit", endThread);
APP_CALL(endProgram, "_exit", endProgram);

// --- On the program's stack, as if they were its own ------------------------

using Function = void (*)(int, char **, char **);

Function functionAt(uint64_t Address) {
  return reinterpret_cast<Function>(Address);
}
uint64_t entryOf(uint64_t Array, uint64_t I) {
  return reinterpret_cast<const uint64_t *>(Array)[I];
}

[[noreturn]] void exit(int Status) {
  Program &A = current();
  for (uint64_t I = A.NumFini; I; --I)
    functionAt(entryOf(A.FiniArray, I - 1))(0, nullptr, nullptr);
  if (A.Fini)
    functionAt(A.Fini)(0, nullptr, nullptr);
  reinterpret_cast<void (*)(int)>(appGate_endProgram)(Status);
  __builtin_unreachable();
}
APP_LEAF(exit, "exit", exit);

} // namespace

void forgetThreads(Program &A) {
  while (Joinable *J = A.Threads) {
    A.Threads = J->Next;
    heap::destroy(J);
  }
}

} // namespace app

// Stack: the number of arguments, their addresses, 0, the environment, 0.
extern "C" [[noreturn]] void app_main(char **Stack) {
  using namespace app;
  Program &A = current();
  int NumArguments = reinterpret_cast<uint64_t &>(*Stack);
  char **Arguments = Stack + 1, **Environment = Arguments + NumArguments + 1;
  if (A.Init)
    functionAt(A.Init)(NumArguments, Arguments, Environment);
  for (uint64_t I = 0; I != A.NumInit; ++I)
    functionAt(entryOf(A.InitArray, I))(NumArguments, Arguments, Environment);
  app::exit(reinterpret_cast<int (*)(int, char **, char **)>(A.Main)(
      NumArguments, Arguments, Environment));
}

extern "C" [[noreturn]] void app_thread_main(uint64_t (*Function)(uint64_t),
                                             uint64_t Argument) {
  reinterpret_cast<void (*)(uint64_t)>(app::appGate_endThread)(
      Function(Argument));
  __builtin_unreachable();
}
