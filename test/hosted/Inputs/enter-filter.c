/* A host that refuses arch_prctl by a seccomp filter: with this error, or 0 and
 * nothing is done.
 *
 *   enter-filter OBJECT ERROR [first]
 *
 * "first": before the object is loaded.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "enter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A CPU without rdgsbase, for the object. */
#ifdef NO_FSGSBASE
unsigned long getauxval(unsigned long type) {
  unsigned long (*next)(unsigned long) =
      (unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval");
  return type == 26 ? next(type) & ~2ul : next(type);
}
#endif

static int error;
static void refuse_arch_prctl(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    CHECK(0, "seccomp");
}

static long expected(void) { return error ? -error : -EIO; }

static void *enters(void *argument) {
  long result = count();
  CHECK(result == expected(), "%ld", result);
  result = count();
  CHECK(result == expected(), "%ld the second time", result);
  return argument;
}

static pthread_barrier_t barrier;
static void *has_entered(void *argument) {
  CHECK(count() == 101, "before");
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  refuse_arch_prctl(); /* a filter is a thread's */
  CHECK(count() == 102, "and after");
  in_thread(enters, NULL); /* has inherited this thread's GS_BASE */
  pid_t pid = fork();
  if (pid == 0)
    _exit(count() != 103 || thread_number() != gettid());
  int status;
  waitpid(pid, &status, 0);
  CHECK(status == 0, "%x in the child", status);
  CHECK(count() == 103, "in the parent");
  return argument;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  error = atoi(argv[2]);
  if (argc > 3) {
    refuse_arch_prctl();
    load(argv[1]);
    CHECK(count() == -ENODEV, "%ld", count());
    return conclude();
  }
  load(argv[1]);
  CHECK(count() == 101, "the first thread");
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t thread;
  pthread_create(&thread, NULL, has_entered, NULL);
  pthread_barrier_wait(&barrier);
  unsigned long before = blocks_in_use();
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  CHECK(blocks_in_use() == before - 1, "its end was told");
  refuse_arch_prctl();
  CHECK(count() == 102, "and the first one");
  in_thread(enters, NULL);
  CHECK(count() == 103, "is not concerned");
  CHECK(blocks_in_use() == before - 1, "%lu", blocks_in_use());
  return conclude();
}
