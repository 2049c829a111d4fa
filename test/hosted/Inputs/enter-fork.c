/* A host whose own handlers for fork call the object: registered before it was
 * loaded, and after.
 *
 *   enter-fork OBJECT
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "enter.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread long handlers; /* that were run, and called the object */
static bool is_silent;         /* they do nothing */
static pid_t nested;           /* made in one of them */

static void call_world(void) {
  if (is_silent)
    return;
  CHECK(count() > 100, "in a handler");
  CHECK(thread_number() == gettid(), "%ld", thread_number());
  ++handlers;
}

static void *takes_a_block(void *argument) {
  CHECK(address() != argument, "a block of its own");
  return argument;
}

static void before_all(void) {
  call_world();
  if (!is_silent) /* another thread enters in the meantime */
    in_thread(takes_a_block, address());
}

/* A fork in a handler of fork. */
static void before_once(void) {
  static int depth;
  if (is_silent || depth++ || nested) {
    --depth;
    return;
  }
  nested = fork();
  if (nested == 0) {
    CHECK(count() > 100, "in the child of a handler");
    CHECK(thread_number() == gettid(), "%ld", thread_number());
    _exit(failures != 0);
  }
  --depth;
}

static void expect_status(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  CHECK(status == 0, "%x", status);
}

static atomic_bool ended;
static void *busy(void *argument) {
  while (!ended)
    CHECK(count() > 100, "busy");
  return argument;
}

static void handler(int number) {
  int saved = errno;
  (void)number;
  if (thread_number() != gettid())
    ++failures;
  errno = saved;
}

static void *forks(void *argument) {
  for (int i = 0; i < 50; ++i) {
    handlers = 0;
    long before = count();
    pid_t pid = fork();
    CHECK(handlers == 4, "%ld of them were run", handlers);
    long now = count();
    CHECK(now == before + 5, "%ld, %ld before", now, before);
    CHECK(thread_number() == gettid(), "%ld", thread_number());
    if (pid == 0) {
      in_thread(takes_a_block, address());
      CHECK(blocks_in_use() == 1, "%lu", blocks_in_use());
      is_silent = true;
      pid_t grandchild = fork();
      if (grandchild == 0)
        _exit(count() != now + 1);
      expect_status(grandchild);
      fflush(stdout);
      _exit(failures != 0);
    }
    expect_status(pid);
  }
  return argument;
}

/* A thread that cannot enter cannot see to it that its child can. */
static void *forks_outside(void *argument) {
  static char elsewhere[64];
  syscall(SYS_arch_prctl, 0x1001, elsewhere);
  pid_t pid = fork();
  if (pid == 0) {
    syscall(SYS_arch_prctl, 0x1001, 0);
    _exit(count() != -ENODEV);
  }
  expect_status(pid);
  return argument;
}

int main(int argc, char **argv) {
  (void)argc;
  setvbuf(stdout, NULL, _IOLBF, 0);
  static bool is_loaded;
  is_silent = true;
  pthread_atfork(before_all, call_world, call_world);
  pthread_atfork(before_once, NULL, NULL);
  load(argv[1]);
  is_loaded = true;
  pthread_atfork(call_world, call_world, call_world);
  is_silent = false;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  CHECK(is_loaded && count() == 101, "first call");

  pid_t pid = fork();
  if (pid == 0)
    _exit(thread_number() != gettid() || failures);
  expect_status(pid);
  CHECK(nested > 0, "a handler has forked");
  expect_status(nested);

  pthread_t threads[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&threads[i], NULL, i < 2 ? busy : forks, NULL);
  /* And handlers of signals at any place of it. */
  for (int i = 0; i < 2000; ++i) {
    pthread_kill(threads[2], SIGUSR1);
    usleep(100);
  }
  pthread_join(threads[2], NULL);
  pthread_join(threads[3], NULL);
  ended = true;
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  forks(NULL);
  is_silent = true;
  in_thread(forks_outside, NULL);
  return conclude();
}
