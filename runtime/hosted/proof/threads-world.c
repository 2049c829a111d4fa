/* A world that makes threads, by all that POSIX and C have for it, and finds
 * out whether they are right. For musl and glibc.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <aio.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static long errors;
#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      __atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED);                        \
      dprintf(2, "world's threads: line %d: %s\n", __LINE__, #condition);      \
    }                                                                          \
  } while (0)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static long ended; /* by the key's destructor */
static _Thread_local long mine = 7;
static _Thread_local char *text;

static void end_value(void *value) {
  EXPECT(!strcmp(value, "of a thread"));
  free(value);
  __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
}
static void prepare(void), parent(void), child(void);
static void begin(void) {
  EXPECT(!pthread_key_create(&key, end_value));
  EXPECT(!pthread_atfork(prepare, parent, child));
}

static void use_thread(void) {
  EXPECT(mine == 7 && !text && pthread_getspecific(key) == NULL);
  mine = gettid();
  text = strdup("of a thread");
  EXPECT(!pthread_setspecific(key, text));
  errno = 0;
  EXPECT(close(-1) == -1 && errno == EBADF);
}

/* --- Created and joined, one from the other ---------------------------------
 */

static void *tree(void *depth) {
  use_thread();
  pthread_t left, right;
  if (depth) {
    void *below = (char *)depth - 1, *a = NULL, *b = NULL;
    EXPECT(!pthread_create(&left, NULL, tree, below));
    EXPECT(!pthread_create(&right, NULL, tree, below));
    EXPECT(!pthread_equal(left, right) && !pthread_equal(left, pthread_self()));
    EXPECT(!pthread_join(left, &a) && !pthread_join(right, &b));
    EXPECT(a == below && b == below);
  }
  EXPECT(mine == gettid());
  return depth;
}

/* --- Ended from within -------------------------------------------------------
 */

static int cleanups;
static void clean_up(void *argument) {
  EXPECT(argument == &cleanups && mine == gettid());
  ++cleanups;
}

static void deeper(int depth) {
  if (depth > 10)
    pthread_exit((void *)42);
  if (depth >= 0)
    deeper(depth + 1);
}
static void *exits(void *argument) {
  use_thread();
  pthread_cleanup_push(clean_up, argument);
  deeper(0);
  pthread_cleanup_pop(0);
  return NULL;
}

static int c11(void *argument) { return *(int *)argument * -1; }

static void check_ends(void) {
  pthread_t thread;
  void *result = NULL;
  int before = cleanups;
  EXPECT(!pthread_create(&thread, NULL, exits, &cleanups));
  EXPECT(!pthread_join(thread, &result));
  EXPECT(result == (void *)42 && cleanups == before + 1);
  thrd_t other;
  int value = 9;
  EXPECT(thrd_create(&other, c11, &value) == thrd_success);
  EXPECT(thrd_join(other, &value) == thrd_success && value == -9);
}

/* --- Waited for --------------------------------------------------------------
 */

static sem_t go, gone;
static void *waits(void *argument) {
  use_thread();
  while (sem_wait(&go))
    ;
  return argument;
}

static void check_joins(void) {
  pthread_t thread;
  struct timespec soon;
  sem_init(&go, 0, 0);
  EXPECT(!pthread_create(&thread, NULL, waits, &soon));
  EXPECT(pthread_tryjoin_np(thread, NULL) == EBUSY);
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 1000000;
  if (soon.tv_nsec >= 1000000000) {
    soon.tv_nsec -= 1000000000;
    ++soon.tv_sec;
  }
  EXPECT(pthread_timedjoin_np(thread, NULL, &soon) == ETIMEDOUT);
  EXPECT(!pthread_kill(thread, 0));
  sem_post(&go);
  void *result = NULL;
  soon.tv_sec += 1000;
  EXPECT(!pthread_timedjoin_np(thread, &result, &soon) && result == &soon);
}

static void *detached(void *argument) {
  use_thread();
  if (argument)
    EXPECT(!pthread_detach(pthread_self()));
  pthread_mutex_lock(&mutex);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  sem_post(&gone);
  return NULL;
}

static void check_detached(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  sem_init(&gone, 0, 0);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  EXPECT(!pthread_create(&thread, &attributes, detached, NULL));
  pthread_attr_destroy(&attributes);
  EXPECT(!pthread_create(&thread, NULL, detached, &gone));
  EXPECT(!pthread_create(&thread, NULL, detached, NULL));
  EXPECT(!pthread_detach(thread));
  for (int i = 0; i < 3; ++i)
    while (sem_wait(&gone))
      ;
}

/* --- As they were asked for --------------------------------------------------
 */

static void *on_stack(void *stack) {
  char here;
  use_thread();
  EXPECT(!stack ||
         (&here >= (char *)stack && &here < (char *)stack + (1 << 20)));
  cpu_set_t cpus;
  EXPECT(!sched_getaffinity(0, sizeof(cpus), &cpus));
  return (void *)(intptr_t)CPU_COUNT(&cpus);
}

static void *uses_much(void *argument) {
  volatile char much[3 << 20];
  for (size_t i = 0; i < sizeof(much); i += 4096)
    much[i] = 1;
  return argument;
}

static void check_attributes(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  void *result;
  void *stack = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pthread_attr_init(&attributes);
  EXPECT(!pthread_attr_setstack(&attributes, stack, 1 << 20));
  EXPECT(!pthread_create(&thread, &attributes, on_stack, stack));
  EXPECT(!pthread_join(thread, NULL) && !munmap(stack, 1 << 20));
  pthread_attr_destroy(&attributes);

  pthread_attr_init(&attributes);
  EXPECT(!pthread_attr_setstacksize(&attributes, 4 << 20));
  EXPECT(!pthread_create(&thread, &attributes, uses_much, NULL));
  EXPECT(!pthread_join(thread, NULL));
#ifdef __GLIBC__
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(sched_getcpu(), &cpus);
  pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
  EXPECT(!pthread_create(&thread, &attributes, on_stack, NULL));
  EXPECT(!pthread_join(thread, &result) && result == (void *)1);
  CPU_ZERO(&cpus);
  CPU_SET(1000, &cpus);
  pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
  EXPECT(pthread_create(&thread, &attributes, on_stack, NULL) == EINVAL);
#else
  (void)result;
#endif
  pthread_attr_destroy(&attributes);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, (size_t)1 << 60);
  EXPECT(pthread_create(&thread, &attributes, on_stack, NULL) == EAGAIN ||
         !pthread_join(thread, NULL));
  pthread_attr_destroy(&attributes);
}

/* --- Forked ------------------------------------------------------------------
 */

static int prepared, in_parent, in_child;
static void prepare(void) { ++prepared; }
static void parent(void) { ++in_parent; }
static void child(void) { ++in_child; }

static void check_fork(void) {
  int before = prepared;
  mine = gettid();
  errno = 17;
  pid_t pid = fork();
  EXPECT(errno == 17);
  if (pid == 0) {
    pthread_t thread;
    EXPECT(prepared == before + 1 && in_child > 0 && gettid() == getpid());
    EXPECT(!pthread_create(&thread, NULL, tree, (void *)2));
    EXPECT(!pthread_join(thread, NULL));
    free(malloc(100000));
    _exit(errors != 0);
  }
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  EXPECT(status == 0 && prepared > before && in_parent > 0);
}

/* --- What makes threads by itself --------------------------------------------
 */

static void notified(union sigval value) {
  use_thread();
  sem_post(value.sival_ptr);
}

static void wait_for(sem_t *semaphore) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 100;
  int result;
  while ((result = sem_timedwait(semaphore, &until)) && errno == EINTR)
    ;
  EXPECT(!result);
}

static void check_services(void) {
  static sem_t told;
  sem_init(&told, 0, 0);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                           .sigev_value.sival_ptr = &told,
                           .sigev_notify_function = notified};
  timer_t timer;
#ifdef __GLIBC__
  struct itimerspec soon = {.it_value.tv_nsec = 1000000};
  EXPECT(!timer_create(CLOCK_MONOTONIC, &event, &timer));
  EXPECT(!timer_settime(timer, 0, &soon, NULL));
  wait_for(&told);
  EXPECT(!timer_delete(timer));
#else
  EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) && errno == ENOTSUP);
#endif
  event.sigev_notify = SIGEV_NONE;
  EXPECT(!timer_create(CLOCK_MONOTONIC, &event, &timer));
  EXPECT(!timer_delete(timer));

  /* glibc's aio does not know that its threads are gone in a child. */
  static pid_t first;
  if (first && first != getpid())
    return;
  first = getpid();
  event.sigev_notify = SIGEV_THREAD;
  FILE *file = tmpfile();
  struct aiocb request = {.aio_fildes = fileno(file),
                          .aio_buf = "text",
                          .aio_nbytes = 4,
                          .aio_sigevent = event};
  EXPECT(!aio_write(&request));
  wait_for(&told);
  EXPECT(aio_error(&request) == 0 && aio_return(&request) == 4);
  fclose(file);
}

/* --- What the boundary calls -------------------------------------------------
 */

/* `count` rounds. The number of errors so far. */
static long make_threads(long count) {
  static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
  pthread_once(&once, begin);
  for (long i = 0; i < count; ++i) {
    pthread_t thread;
    EXPECT(!pthread_create(&thread, NULL, tree, (void *)3));
    EXPECT(!pthread_join(thread, NULL));
    pthread_mutex_lock(&one); /* their counters are one */
    check_ends();
    check_joins();
    check_detached();
    check_attributes();
    check_services();
    check_fork();
    pthread_mutex_unlock(&one);
  }
  return __atomic_load_n(&errors, __ATOMIC_RELAXED);
}

static void *nothing(void *argument) { return argument; }

static long refuse(long unused) {
  pthread_t thread;
  (void)unused;
  EXPECT(pthread_detach(pthread_self()) == EINVAL); /* the host has made it */
  EXPECT(!pthread_create(&thread, NULL, nothing, NULL));
  EXPECT(pthread_cancel(thread) == ENOSYS);
  EXPECT(!pthread_join(thread, NULL));
  pthread_mutexattr_t robust;
  EXPECT(!pthread_mutexattr_init(&robust));
  EXPECT(pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST) == ENOTSUP);
  EXPECT(!pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_STALLED));
  EXPECT(ended > 0);
  return __atomic_load_n(&errors, __ATOMIC_RELAXED);
}

/* The host's function, in a thread of the world. */
static void *call(void *function) {
  use_thread();
  long result = ((long (*)(long))function)(mine);
  EXPECT(mine == gettid());
  return (void *)result;
}
static long call_back(long function) {
  pthread_t thread;
  void *result = NULL;
  EXPECT(!pthread_create(&thread, NULL, call, (void *)function));
  EXPECT(!pthread_join(thread, &result));
  return (long)result;
}

static long end_thread(long unused) {
  (void)unused;
  pthread_exit(NULL);
}

const void *const world_functions[] = {
    (const void *)make_threads, (const void *)refuse, (const void *)call_back,
    (const void *)end_thread};
