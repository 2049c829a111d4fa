// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "syscall.h"
#include "cpu.h"
#include "error.h"
#include "interrupts.h"
#include "process.h"
#include "thread.h"
#include "trace.h"

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
    {0, {"read", sysRead}},
    {1, {"write", sysWrite}},
    {2, {"open", sysOpen}},
    {3, {"close", sysClose}},
    {5, {"fstat", sysFstat}},
    {8, {"lseek", sysLseek}},
    {9, {"mmap", sysMmap}},
    {10, {"mprotect", sysMprotect}},
    {11, {"munmap", sysMunmap}},
    {12, {"brk", sysBrk}},
    {13, {"rt_sigaction", sysRtSigaction}},
    {14, {"rt_sigprocmask", sysRtSigprocmask}},
    {16, {"ioctl", sysIoctl}},
    {19, {"readv", sysReadv}},
    {20, {"writev", sysWritev}},
    {24, {"sched_yield", sysSchedYield}},
    {28, {"madvise", sysMadvise}},
    {35, {"nanosleep", sysNanosleep}},
    {39, {"getpid", sysGetpid}},
    {56, {"clone", sysClone}},
    {60, {"exit", sysExit}},
    {62, {"kill", sysKill}},
    {63, {"uname", sysUname}},
    {72, {"fcntl", sysFcntl}},
    {89, {"readlink", sysReadlink}},
    {96, {"gettimeofday", sysGettimeofday}},
    {102, {"getuid", sysGetId}},
    {104, {"getgid", sysGetId}},
    {107, {"geteuid", sysGetId}},
    {108, {"getegid", sysGetId}},
    {131, {"sigaltstack", sysSigaltstack}},
    {158, {"arch_prctl", sysArchPrctl}},
    {186, {"gettid", sysGettid}},
    {200, {"tkill", sysTkill}},
    {202, {"futex", sysFutex}},
    {204, {"sched_getaffinity", sysSchedGetaffinity}},
    {218, {"set_tid_address", sysSetTidAddress}},
    {228, {"clock_gettime", sysClockGettime}},
    {230, {"clock_nanosleep", sysClockNanosleep}},
    {231, {"exit_group", sysExitGroup}},
    {234, {"tgkill", sysTgkill}},
    {257, {"openat", sysOpenat}},
    {262, {"newfstatat", sysNewfstatat}},
    {267, {"readlinkat", sysReadlinkat}},
    {273, {"set_robust_list", sysSetRobustList}},
    {302, {"prlimit64", sysPrlimit64}},
    {318, {"getrandom", sysGetrandom}},
    // Known, and not there: libcs do without.
    {334, {"rseq", nullptr}},
    {435, {"clone3", nullptr}},
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
  interrupts::FrameGuard Guard(F);
  Arguments A = {{F->rdi, F->rsi, F->rdx, F->r10, F->r8, F->r9}, *F};
  ++thread::current().NumSyscalls;
  trace::enter(Number, A.A, F->rip);

  int64_t Result = -ENOSYS;
  if (Number < TableSize && SyscallTable.Entries[Number].Run)
    Result = SyscallTable.Entries[Number].Run(A);

  trace::leave(Number, Result);
  F->rax = Result;
  cpu::disableInterrupts();
  thread::preempt();
  process::leaveKernel();
}
