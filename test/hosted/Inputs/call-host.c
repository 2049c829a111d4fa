/* A host of worlds with call-boundary.c.
 *
 *   call-host OBJECT [LEFT]            calls 0 to 2 of the world with threads,
 * of which LEFT (1) are there at the end call-host OBJECT NUMBER ARGUMENT   one
 * call
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static long (*call_world)(int which, long argument);
static unsigned long (*world_blocks)(void);
static int failures;
static pthread_key_t key;
static int ended;

#define CHECK(condition, value)                                                \
  do {                                                                         \
    if (!(condition)) {                                                        \
      __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);                      \
      printf("line %d: %s: %ld\n", __LINE__, #condition, (long)(value));       \
    }                                                                          \
  } while (0)

static void *work(void *rounds) {
  for (long i = 0; i < (long)rounds; ++i) {
    errno = 5;
    long errors = call_world(0, 1);
    CHECK(errors == 0, errors);
    CHECK(errno == 5, errno);
  }
  return NULL;
}

/* Called in a thread that the world has made: the host knows it. */
static void end_key(void *value) { ended += (long)value; }
static void *nothing(void *argument) { return argument; }
static long in_worlds_thread(long number) {
  pthread_t thread;
  CHECK(number == gettid(), number);
  pthread_setspecific(key, (void *)1);
  free(malloc(100000));
  CHECK(!pthread_create(&thread, NULL, nothing, NULL), 0);
  CHECK(!pthread_join(thread, NULL), 0);
  return 1234;
}

static void handler(int number) {
  int saved = errno;
  (void)number;
  world_blocks();
  errno = saved;
}

static void expect_status(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  CHECK(status == 0, status);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  void *object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!object) {
    printf("%s\n", dlerror());
    return 1;
  }
  call_world = (long (*)(int, long))dlsym(object, "call_world");
  world_blocks = (unsigned long (*)(void))dlsym(object, "world_blocks");
  if (argc > 3) {
    printf("%ld\n", call_world(atoi(argv[2]), atol(argv[3])));
    return 0;
  }
  unsigned long left = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGPROF, &action, NULL);
  struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_PROF, &often, NULL);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&threads[i], NULL, work, (void *)8);
  work((void *)8);
  for (int i = 0; i < 4; ++i)
    pthread_join(threads[i], NULL);
  setitimer(ITIMER_PROF, &never, NULL);
  CHECK(call_world(1, 0) == 0, call_world(1, 0));
  pthread_key_create(&key, end_key);
  long result = call_world(2, (long)in_worlds_thread);
  CHECK(result == 1234, result);
  CHECK(ended == 1, ended);

  pid_t pid = fork(); /* and in a child, which has the forking thread alone */
  if (pid == 0) {
    work((void *)2);
    CHECK(call_world(2, (long)in_worlds_thread) == 1234, 0);
    _exit(failures != 0);
  }
  expect_status(pid);
  for (int i = 0; i < 300 && world_blocks() > left; ++i)
    usleep(10000); /* detached threads are ending */
  CHECK(world_blocks() == left, world_blocks());
  printf("%d failures\n", failures);
  return failures != 0;
}
