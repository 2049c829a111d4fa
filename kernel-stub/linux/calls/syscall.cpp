// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/calls/syscall.h"
#include "cpu/cpu.h"
#include "entry/interrupts.h"
#include "entry/trace.h"
#include "lib/error.h"
#include "linux/process/process.h"
#include "linux/strace/strace.h"
#include "thread/scheduler.h"
#include "thread/thread.h"

__thread ErrorNumber LastError;

namespace syscall {
namespace {

struct Entry {
  const char *Name;
  Function Run;
};

struct NumberedEntry {
  unsigned Number;
  Entry E;
};

constexpr unsigned TableSize = 512;

constexpr NumberedEntry Calls[] = {
#define SYSCALL(Number, Name, Function) {Number, {#Name, Function}},
#define SYSCALL_MISSING(Number, Name) {Number, {#Name, nullptr}},
#include "linux/calls/syscalls.def"
#undef SYSCALL
#undef SYSCALL_MISSING
};

struct Table {
  Entry Entries[TableSize] = {};
  constexpr Table() {
    for (const NumberedEntry &C : Calls)
      Entries[C.Number] = C.E;
  }
};
constexpr Table SyscallTable;

} // namespace

const char *name(uint64_t Number) {
  if (Number >= TableSize || !SyscallTable.Entries[Number].Name)
    return "unknown";
  return SyscallTable.Entries[Number].Name;
}

} // namespace syscall

// From entry.S, interrupts on. The frame's rax takes the result.
extern "C" void handleSyscall(Frame *F) {
  using namespace syscall;
  uint64_t Number = F->rax;
  interrupts::checkThreadPointer(F);
  interrupts::checkFlags();
  interrupts::FrameGuard Guard(F);
  Arguments A = {{F->rdi, F->rsi, F->rdx, F->r10, F->r8, F->r9}, *F};
  ++thread::current().NumSyscalls;
  trace::enter(Number, A.A, F->rip);
  if (strace::On)
    strace::enter(Number, A.A);

  int64_t Result = -ENOSYS;
  if (Number < TableSize && SyscallTable.Entries[Number].Run)
    Result = SyscallTable.Entries[Number].Run(A);

  if (strace::On)
    strace::leave(Number, A.A, Result);
  trace::leave(Number, Result);
  // rt_sigreturn has loaded all of the frame.
  if (F->vector == SEGSHIFT_VECTOR_SYSCALL)
    F->rax = Result;
  cpu::disableInterrupts();
  scheduler::preempt();
  process::leaveKernel();
}
