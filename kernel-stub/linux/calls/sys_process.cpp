// What a program asks about itself: ids, names, limits, scheduling, usage.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "cpu/smp.h"
#include "device/calendar.h"
#include "device/timer.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/calls/sys_time.h"
#include "linux/calls/syscall.h"
#include "linux/process/process.h"
#include "memory/memory.h"

namespace syscall {
namespace {

constexpr uint64_t Second = 1'000'000'000;

// 0 means the caller.
bool isOwnPid(uint64_t Pid) {
  auto Id = static_cast<int>(Pid);
  return !Id || Id == process::current()->Id;
}

// Calls Function(T) for a thread of the program, 0 being the running one.
// False: there is none. Under a spin lock.
template <typename F> bool withThread(uint64_t Tid, F Function) {
  auto Id = static_cast<int>(Tid);
  cpu::LockGuard Guard(process::StateLock);
  for (Thread *T = process::current()->Threads; T; T = T->NextInProcess)
    if (Id ? T->Id == Id : T == &thread::current()) {
      Function(*T);
      return true;
    }
  return false;
}

bool hasThread(uint64_t Tid) {
  return withThread(Tid, [](Thread &) {});
}

constexpr uint64_t NumLimits = process::NumLimits;

process::Limit &limitOf(uint64_t Resource) {
  return process::current()->Limits[Resource];
}

int64_t setLimit(uint64_t Resource, uint64_t From) {
  process::Limit New;
  if (!getUser(New, From))
    return -EFAULT;
  if (New.Soft > New.Hard)
    return -EINVAL;
  if (New.Hard > limitOf(Resource).Hard)
    return -EPERM;
  limitOf(Resource) = New;
  return 0;
}

// Calls Do(T) for the threads that getpriority(2) and setpriority(2) mean: one,
// or all of the program, which is the one group and user there is.
template <typename F>
int64_t withPriorities(uint64_t Which, uint64_t Who, F Do) {
  enum : int { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };
  switch (static_cast<int>(Which)) {
  case PRIO_PROCESS:
    return withThread(Who, Do) ? 0 : -ESRCH;
  case PRIO_PGRP:
  case PRIO_USER: {
    if (Which == PRIO_PGRP ? !isOwnPid(Who) : static_cast<int>(Who) != 0)
      return -ESRCH;
    cpu::LockGuard Guard(process::StateLock);
    for (Thread *T = process::current()->Threads; T; T = T->NextInProcess)
      Do(*T);
    return 0;
  }
  }
  return -EINVAL;
}

} // namespace

int64_t sysGetpid(const Arguments &) { return process::current()->Id; }
// As in a process tree of its own: the parent is outside.
int64_t sysGetppid(const Arguments &) { return 0; }
// One process, which leads its group and its session.
int64_t sysGetpgid(const Arguments &A) {
  return isOwnPid(A[0]) ? process::current()->Id : -ESRCH;
}
int64_t sysSetpgid(const Arguments &A) {
  return isOwnPid(A[0]) ? -EPERM : -ESRCH; // a session's leader stays
}
int64_t sysSetsid(const Arguments &) { return -EPERM; }

// There are no children.
int64_t sysWait4(const Arguments &A) {
  // WNOHANG, WUNTRACED, WCONTINUED, __WNOTHREAD, __WALL, __WCLONE
  constexpr uint32_t Known = 0xe000000b;
  return static_cast<uint32_t>(A[2]) & ~Known ? -EINVAL : -ECHILD;
}
int64_t sysWaitid(const Arguments &A) {
  // The same, with WEXITED and WNOWAIT; one of the events must be there.
  constexpr uint32_t Known = 0xe100000f, Events = 2 | 4 | 8;
  auto Options = static_cast<uint32_t>(A[3]);
  constexpr uint64_t P_PIDFD = 3;
  if ((Options & ~Known) || !(Options & Events) || A[0] > P_PIDFD)
    return -EINVAL;
  return A[0] == P_PIDFD ? -EBADF : -ECHILD;
}

int64_t sysGetId(const Arguments &) { return 0; }
// Of root, who may be anyone; but the stub has one user.
int64_t sysSetId(const Arguments &A) {
  return static_cast<int>(A[0]) == 0 ? 0 : -EPERM;
}
// -1 leaves an id as it is.
int64_t sysSetIds(const Arguments &A) {
  for (unsigned I = 0; I != 2; ++I)
    if (static_cast<int>(A[I]) != 0 && static_cast<int>(A[I]) != -1)
      return -EPERM;
  return 0;
}
int64_t sysGetResIds(const Arguments &A) {
  uint32_t Id = 0;
  for (unsigned I = 0; I != 3; ++I)
    if (!putUser(A[I], Id))
      return -EFAULT;
  return 0;
}
int64_t sysGetgroups(const Arguments &) { return 0; }

int64_t sysCapget(const Arguments &A) {
  enum : uint32_t { Version3 = 0x20080522 };
  struct {
    uint32_t Version;
    int Pid;
  } Header;
  if (!getUser(Header, A[0]))
    return -EFAULT;
  if (Header.Version != Version3) {
    Header.Version = Version3;
    return putUser(A[0], Header) ? -EINVAL : -EFAULT;
  }
  // Effective, permitted, inheritable; the low 32 capabilities, then the
  // others.
  uint32_t All[6] = {~0u, ~0u, 0, 0x1ff, 0x1ff, 0};
  if (!isOwnPid(Header.Pid))
    return -ESRCH;
  return !A[1] || putUser(A[1], All) ? 0 : -EFAULT;
}

int64_t sysPrctl(const Arguments &A) {
  enum : int {
    PR_GET_DUMPABLE = 3,
    PR_SET_DUMPABLE = 4,
    PR_SET_NAME = 15,
    PR_GET_NAME = 16,
    PR_SET_NO_NEW_PRIVS = 38,
    PR_GET_NO_NEW_PRIVS = 39,
  };
  Thread &T = thread::current();
  Process &P = *process::current();
  char Name[sizeof(T.Name)] = "";
  switch (static_cast<int>(A[0])) {
  case PR_SET_NAME:
    for (unsigned I = 0; I + 1 != sizeof(Name); ++I) {
      if (!getUser(Name[I], A[1] + I))
        return -EFAULT;
      if (!Name[I])
        break;
    }
    memcpy(T.Name, Name, sizeof(Name));
    return 0;
  case PR_GET_NAME:
    return putUser(A[1], T.Name) ? 0 : -EFAULT;
  case PR_GET_DUMPABLE:
    return P.IsDumpable;
  case PR_SET_DUMPABLE:
    if (A[1] > 1)
      return -EINVAL;
    P.IsDumpable = A[1];
    return 0;
  case PR_SET_NO_NEW_PRIVS: // there are no privileges to be had
    if (A[1] != 1 || A[2] || A[3] || A[4])
      return -EINVAL;
    P.NoNewPrivileges = true;
    return 0;
  case PR_GET_NO_NEW_PRIVS:
    return A[1] || A[2] || A[3] || A[4] ? -EINVAL : P.NoNewPrivileges;
  }
  return -EINVAL;
}

int64_t sysPrlimit64(const Arguments &A) {
  if (!isOwnPid(A[0]))
    return -ESRCH;
  if (A[1] >= NumLimits)
    return -EINVAL;
  process::Limit Old = limitOf(A[1]);
  if (A[2])
    if (int64_t Error = setLimit(A[1], A[2]))
      return Error;
  return !A[3] || putUser(A[3], Old) ? 0 : -EFAULT;
}
int64_t sysGetrlimit(const Arguments &A) {
  if (A[0] >= NumLimits)
    return -EINVAL;
  return putUser(A[1], limitOf(A[0])) ? 0 : -EFAULT;
}
int64_t sysSetrlimit(const Arguments &A) {
  return A[0] < NumLimits ? setLimit(A[0], A[1]) : -EINVAL;
}

int64_t sysSchedYield(const Arguments &) {
  thread::yield();
  return 0;
}

int64_t sysSchedGetaffinity(const Arguments &A) {
  uint64_t Mask = 0;
  if (A[1] < sizeof(Mask) || A[1] % sizeof(Mask))
    return -EINVAL;
  uint64_t Online = (1ull << smp::numCpus()) - 1;
  if (!withThread(A[0], [&](Thread &T) { Mask = T.Affinity & Online; }))
    return -ESRCH;
  return putUser(A[2], Mask) ? sizeof(Mask) : -EFAULT;
}

int64_t sysSchedSetaffinity(const Arguments &A) {
  uint64_t Mask = 0, Size = A[1] < sizeof(Mask) ? A[1] : sizeof(Mask);
  if (!copyFromUser(&Mask, A[2], Size))
    return -EFAULT;
  Mask &= (1ull << smp::numCpus()) - 1;
  if (!Mask)
    return -EINVAL;
  auto Id = static_cast<int>(A[0]);
  Thread &Self = thread::current();
  if (!Id || Id == Self.Id) { // it may have to move at once
    thread::setAffinity(Self, static_cast<uint32_t>(Mask));
    return 0;
  }
  bool Found = hasThread(Id) && thread::withThread(Id, [Mask](Thread &T) {
                 thread::setAffinity(T, static_cast<uint32_t>(Mask));
               });
  return Found ? 0 : -ESRCH;
}

// All threads are SCHED_OTHER, with no priority.
int64_t sysSchedGetscheduler(const Arguments &A) {
  if (static_cast<int>(A[0]) < 0)
    return -EINVAL;
  return hasThread(A[0]) ? 0 : -ESRCH;
}
int64_t sysSchedSetscheduler(const Arguments &A) {
  enum : uint32_t { SCHED_DEADLINE = 6, SCHED_RESET_ON_FORK = 0x40000000 };
  int32_t Priority;
  uint32_t Policy = static_cast<uint32_t>(A[1]) & ~SCHED_RESET_ON_FORK;
  if (static_cast<int>(A[0]) < 0 || Policy == 4 || Policy >= SCHED_DEADLINE)
    return -EINVAL;
  if (!getUser(Priority, A[2]))
    return -EFAULT;
  if (!hasThread(A[0]))
    return -ESRCH;
  return Policy ? -EPERM : Priority ? -EINVAL : 0;
}
int64_t sysSchedGetparam(const Arguments &A) {
  int32_t Priority = 0;
  if (!hasThread(A[0]))
    return -ESRCH;
  return putUser(A[1], Priority) ? 0 : -EFAULT;
}
int64_t sysSchedSetparam(const Arguments &A) {
  int32_t Priority;
  if (!getUser(Priority, A[1]))
    return -EFAULT;
  if (!hasThread(A[0]))
    return -ESRCH;
  return Priority ? -EINVAL : 0;
}
// What Linux has for each policy: FIFO and RR from 1 to 99.
int64_t sysSchedGetPriorityMax(const Arguments &A) {
  return A[0] == 1 || A[0] == 2 ? 99 : A[0] <= 6 && A[0] != 4 ? 0 : -EINVAL;
}
int64_t sysSchedGetPriorityMin(const Arguments &A) {
  return A[0] == 1 || A[0] == 2 ? 1 : A[0] <= 6 && A[0] != 4 ? 0 : -EINVAL;
}

// As the nice value is kept: from 40 to 1.
int64_t sysGetpriority(const Arguments &A) {
  int64_t Highest = 0;
  int64_t Error = withPriorities(A[0], A[1], [&](const Thread &T) {
    if (20 - T.Nice > Highest)
      Highest = 20 - T.Nice;
  });
  return Error ? Error : Highest;
}
int64_t sysSetpriority(const Arguments &A) {
  auto Wanted = static_cast<int>(A[2]);
  auto Nice = static_cast<int8_t>(Wanted < -20  ? -20
                                  : Wanted > 19 ? 19
                                                : Wanted);
  return withPriorities(A[0], A[1], [&](Thread &T) { T.Nice = Nice; });
}

int64_t sysGetcpu(const Arguments &A) {
  uint32_t Cpu = thread::current().CpuId, Node = 0;
  return (!A[0] || putUser(A[0], Cpu)) && (!A[1] || putUser(A[1], Node))
             ? 0
             : -EFAULT;
}

// All time is the program's: the kernel's is not told apart.
int64_t sysGetrusage(const Arguments &A) {
  enum : int { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };
  struct {
    int64_t UserSeconds, UserMicroseconds, SystemSeconds, SystemMicroseconds;
    int64_t Rest[14];
  } Usage = {};
  uint64_t Time = 0;
  switch (static_cast<int>(A[0])) {
  case RUSAGE_SELF:
    Time = process::cpuTime(0);
    break;
  case RUSAGE_THREAD:
    Time = process::cpuTime(thread::current().Id);
    break;
  case RUSAGE_CHILDREN:
    break;
  default:
    return -EINVAL;
  }
  Usage.UserSeconds = static_cast<int64_t>(Time / Second);
  Usage.UserMicroseconds = static_cast<int64_t>(Time % Second / 1000);
  return putUser(A[1], Usage) ? 0 : -EFAULT;
}

int64_t sysTimes(const Arguments &A) {
  constexpr uint64_t ClockTick = Second / 100;
  int64_t Times[4] = {static_cast<int64_t>(process::cpuTime(0) / ClockTick), 0,
                      0, 0};
  if (A[0] && !putUser(A[0], Times))
    return -EFAULT;
  return static_cast<int64_t>(timer::now() / ClockTick);
}

int64_t sysSysinfo(const Arguments &A) {
  struct { // struct sysinfo
    int64_t Uptime;
    uint64_t Loads[3], TotalRam, FreeRam, SharedRam, BufferRam, TotalSwap,
        FreeSwap;
    uint16_t NumProcesses, Pad[3];
    uint64_t TotalHigh, FreeHigh;
    uint32_t Unit, Pad2;
  } Info = {};
  static_assert(sizeof(Info) == 112);
  constexpr uint64_t PageSize = 4096;
  Info.Uptime = static_cast<int64_t>(timer::now() / Second);
  Info.FreeRam = memory::freePages() * PageSize;
  Info.TotalRam = Info.FreeRam; // at least
  Info.NumProcesses = 1;
  Info.Unit = 1;
  return putUser(A[0], Info) ? 0 : -EFAULT;
}

} // namespace syscall
