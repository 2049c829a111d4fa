// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app.h"
#include "app/app_calls.h"
#include "cpu/copy_user.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/calls/syscall.h"
#include "linux/process/process.h"
#include "thread/thread.h"

// The kernel's; programs see it behind FS.
extern "C" __thread int errno;
__thread int errno;

extern "C" const module::Export __app_exports_start[], __app_exports_end[];

const module::Export *app::Program::find(const char *Name) const {
  using module::Export;
  for (const Export *X = __app_exports_start; X != __app_exports_end; ++X)
    if (!strcmp(X->Name, Name))
      return X;
  return nullptr;
}

namespace {

constexpr int MaxErrno = 4095;

int64_t finish(int64_t Result) {
  if (Result >= 0 || Result < -MaxErrno)
    return Result;
  // Nobody begins the call again.
  errno = Result <= -ERESTARTSYS ? EINTR : -Result;
  return -1;
}

// A system call's function, called as one of the C library.
template <syscall::Function F>
int64_t callAs(uint64_t A, uint64_t B, uint64_t C, uint64_t D, uint64_t E,
               uint64_t G) {
  return finish(F({{A, B, C, D, E, G}, *thread::current().frame()}));
}

int getTid() { return thread::current().Id; }
int getPid() { return process::current()->Id; }
int yield() {
  thread::yield();
  return 0;
}
int getCpu() {
  cpu::InterruptGuard Guard;
  return smp::current().Id;
}

void logError(uint64_t Text) {
  char Line[120];
  if (!copyStringFromUser(Line, Text, sizeof(Line)))
    Line[0] = 0;
  log("program, thread %d: %s: error %d", thread::current().Id, Line, errno);
}

[[noreturn]] void smashed() {
  process::kill(SIGABRT, "it has overwritten its stack: a canary is gone");
}

int *errnoLocation() { return &errno; }

} // namespace

extern "C" void app_tls_get_addr(); // app_gate.S

APP_THREAD_LOCAL(errno, "errno", errno);
APP_LEAF(errnoLocation, "__errno_location", errnoLocation);
APP_LEAF(tlsGetAddr, "__tls_get_addr", app_tls_get_addr);
APP_LEAF(memcpy, "memcpy", memcpy);
APP_LEAF(memmove, "memmove", memmove);
APP_LEAF(memset, "memset", memset);
APP_LEAF(memcmp, "memcmp", memcmp);
APP_LEAF(strlen, "strlen", strlen);
APP_LEAF(strcmp, "strcmp", strcmp);
APP_CALL(read, "read", callAs<syscall::sysRead>);
APP_CALL(write, "write", callAs<syscall::sysWrite>);
APP_CALL(close, "close", callAs<syscall::sysClose>);
APP_CALL(mmap, "mmap", callAs<syscall::sysMmap>);
APP_CALL(munmap, "munmap", callAs<syscall::sysMunmap>);
APP_CALL(getpid, "getpid", getPid);
APP_CALL(gettid, "gettid", getTid);
APP_CALL(yield, "sched_yield", yield);
APP_CALL(getCpu, "sched_getcpu", getCpu);
APP_CALL(perror, "perror", logError);
APP_CALL(smashed, "__stack_chk_fail", smashed);

extern "C" void app_leave() { process::leaveCall(); }
