// System calls: Linux's x86-64 numbers and conventions
// (arch/x86/entry/syscalls/syscall_64.tbl). What is not in the table gets
// ENOSYS.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYSCALL_H
#define STUB_SYSCALL_H

#include "frame.h"
#include <stdint.h>

namespace syscall {

struct Arguments {
  uint64_t A[6];
  Frame &F;

  uint64_t operator[](unsigned I) const { return A[I]; }
};

// Returns the result, or a negated error number.
using Function = int64_t (*)(const Arguments &);

// The call's name, or "unknown".
const char *name(uint64_t Number);

// By subject, in sys_*.cpp.
int64_t sysRead(const Arguments &);
int64_t sysWrite(const Arguments &);
int64_t sysReadv(const Arguments &);
int64_t sysWritev(const Arguments &);
int64_t sysOpen(const Arguments &);
int64_t sysOpenat(const Arguments &);
int64_t sysClose(const Arguments &);
int64_t sysLseek(const Arguments &);
int64_t sysFstat(const Arguments &);
int64_t sysNewfstatat(const Arguments &);
int64_t sysIoctl(const Arguments &);
int64_t sysFcntl(const Arguments &);
int64_t sysReadlink(const Arguments &);
int64_t sysReadlinkat(const Arguments &);

int64_t sysBrk(const Arguments &);
int64_t sysMmap(const Arguments &);
int64_t sysMunmap(const Arguments &);
int64_t sysMprotect(const Arguments &);
int64_t sysMadvise(const Arguments &);

int64_t sysArchPrctl(const Arguments &);
int64_t sysClone(const Arguments &);
int64_t sysExit(const Arguments &);
int64_t sysExitGroup(const Arguments &);
int64_t sysFutex(const Arguments &);
int64_t sysGetpid(const Arguments &);
int64_t sysGettid(const Arguments &);
int64_t sysSetTidAddress(const Arguments &);
int64_t sysSetRobustList(const Arguments &);
int64_t sysSchedYield(const Arguments &);
int64_t sysSchedGetaffinity(const Arguments &);
int64_t sysKill(const Arguments &);
int64_t sysTkill(const Arguments &);
int64_t sysTgkill(const Arguments &);
int64_t sysRtSigaction(const Arguments &);
int64_t sysRtSigprocmask(const Arguments &);
int64_t sysSigaltstack(const Arguments &);

int64_t sysClockGettime(const Arguments &);
int64_t sysGettimeofday(const Arguments &);
int64_t sysNanosleep(const Arguments &);
int64_t sysClockNanosleep(const Arguments &);
int64_t sysUname(const Arguments &);
int64_t sysPrlimit64(const Arguments &);
int64_t sysGetrandom(const Arguments &);
int64_t sysGetId(const Arguments &);

} // namespace syscall

#endif
