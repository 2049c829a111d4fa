// Signals between threads, waits that signals end, robust mutexes, futexes.
// Prints the same under Linux.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { N = 8, Rounds = 300 };

static void say(const char *What, long Value) {
  printf("%s: %ld\n", What, Value);
  fflush(stdout);
}

static void set(int Signal, void *Handler, int Flags) {
  struct sigaction A;
  memset(&A, 0, sizeof A);
  A.sa_sigaction = Handler;
  A.sa_flags = Flags;
  sigaction(Signal, &A, 0);
}

// --- A storm: each thread signals all others; each handler uses TLS ---

static __thread long Tls = 1000, Seen;
static __thread char Big[5000];
static pthread_t Threads[N];
static pthread_barrier_t Barrier;
static long Wrong, Handled;

static void count(int Signal) {
  (void)Signal;
  int Errno = errno;
  ++Seen;
  if (Tls < 1000 || Tls > 1000 + N)
    __atomic_add_fetch(&Wrong, 1, __ATOMIC_RELAXED);
  memset(Big, (int)Seen, sizeof Big);
  errno = 99;
  errno = Errno;
}

static void *storm(void *Index) {
  long I = (long)Index;
  Tls += I;
  double X = I + 0.5;
  pthread_barrier_wait(&Barrier);
  for (int R = 0; R < Rounds; ++R) {
    pthread_kill(Threads[(I + R) % N], SIGUSR1);
    X = X * 1.5 / 1.5;
    errno = (int)I + 1;
    volatile char *Page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Page[0] = 1;
    munmap((void *)Page, 4096);
    if (errno != I + 1 || Tls != 1000 + I || X < I + 0.49 || X > I + 0.51)
      __atomic_add_fetch(&Wrong, 1, __ATOMIC_RELAXED);
  }
  pthread_barrier_wait(&Barrier);
  __atomic_add_fetch(&Handled, Seen > 0, __ATOMIC_RELAXED);
  return 0;
}

// --- SIGSEGV on every thread ---

static __thread sigjmp_buf Back;
static void back(int Signal) { siglongjmp(Back, Signal); }
static void *faulting(void *Index) {
  volatile long Good = 0;
  for (volatile long R = 0; R < 50; ++R)
    if (sigsetjmp(Back, 1) == SIGSEGV)
      ++Good;
    else
      *(volatile long *)((long)Index * 8 + 16) = R;
  return (void *)Good;
}

// --- Waits that end ---

static volatile int Ran;
static void ran(int Signal) {
  (void)Signal;
  ++Ran;
}

// Until the wait has ended: the first signals may come before it begins.
static volatile int Poked;
static void *poke(void *Main) {
  while (!Poked) {
    usleep(20000);
    pthread_kill((pthread_t)(uintptr_t)Main, SIGUSR2);
  }
  return 0;
}

static void with(void (*Function)(void)) {
  pthread_t T;
  Ran = Poked = 0;
  pthread_create(&T, 0, poke, (void *)(uintptr_t)pthread_self());
  Function();
  Poked = 1;
  pthread_join(T, 0);
}

static int Word;
static long futex(int *At, int Op, int Value, const struct timespec *Time, int *Two, int Three) {
  long R = syscall(SYS_futex, At, Op, Value, Time, Two, Three);
  return R < 0 ? -errno : R;
}

static void futexEnds(void) { say("futex with handler", futex(&Word, FUTEX_WAIT, 0, 0, 0, 0)); }
static void *later(void *Unused) {
  (void)Unused;
  while (!Ran)
    usleep(1000);
  usleep(100000);
  __atomic_store_n(&Word, 1, __ATOMIC_SEQ_CST);
  return (void *)futex(&Word, FUTEX_WAKE, 1, 0, 0, 0);
}
static void futexGoesOn(void) {
  pthread_t T;
  void *Woken;
  pthread_create(&T, 0, later, 0);
  long R = futex(&Word, FUTEX_WAIT, 0, 0, 0, 0);
  pthread_join(T, &Woken);
  printf("futex with SA_RESTART: %ld, ran %d, at most one woken %d\n", R == -EAGAIN ? 0 : R, Ran > 0, (long)Woken <= 1);
}
static void sleepEnds(void) {
  struct timespec T = {1000, 0}, Rest = {0, 0};
  int R = nanosleep(&T, &Rest);
  printf("sleep: %d %d, rest %d\n", R, R ? errno : 0, Rest.tv_sec >= 500 && Rest.tv_sec < 1000);
}
static void suspendEnds(void) {
  sigset_t Mask, Old;
  sigemptyset(&Mask);
  sigaddset(&Mask, SIGUSR2);
  sigprocmask(SIG_BLOCK, &Mask, &Old);
  sigset_t Without = Old;
  sigdelset(&Without, SIGUSR2);
  int R = sigsuspend(&Without);
  int Error = errno;
  sigset_t Now;
  sigprocmask(SIG_BLOCK, 0, &Now);
  printf("sigsuspend: %d %d, ran %d, blocked again %d\n", R, Error, Ran > 0, sigismember(&Now, SIGUSR2));
  sigprocmask(SIG_SETMASK, &Old, 0);
}
static void timedwaitEnds(void) {
  sigset_t Mask, Old;
  sigemptyset(&Mask);
  sigaddset(&Mask, SIGUSR2);
  sigprocmask(SIG_BLOCK, &Mask, &Old);
  siginfo_t I;
  struct timespec T = {1000, 0};
  int R = sigtimedwait(&Mask, &I, &T);
  printf("sigtimedwait: %d, code %d, from me %d\n", R, I.si_code, I.si_pid == getpid());
  T.tv_sec = 0;
  T.tv_nsec = 1000;
  Poked = 1;
  usleep(100000);
  while ((R = sigtimedwait(&Mask, &I, &T)) == SIGUSR2)
    usleep(100000);
  printf("sigtimedwait: %d %d\n", R, errno);
  sigprocmask(SIG_SETMASK, &Old, 0);
}
static void semaphoreEnds(void) {
  sem_t S;
  sem_init(&S, 0, 0);
  int R = sem_wait(&S);
  printf("sem_wait: %d %d\n", R, errno == EINTR);
}

// --- Robust mutexes ---

static pthread_mutex_t Robust;
static volatile int Locked;
static void *dies(void *Unused) {
  (void)Unused;
  pthread_mutex_lock(&Robust);
  Locked = 1;
  usleep(30000); // another one waits for it by then
  return 0;
}
static void hostileList(void) {
  // Points to itself, to nowhere, and has a wild offset: the thread just ends.
  static struct robust_list_head Head;
  static struct robust_list Loop;
  Loop.next = &Loop;
  Head.list.next = &Loop;
  Head.futex_offset = 4096 * 1024;
  Head.list_op_pending = (void *)0x7ffff0000123;
  syscall(SYS_set_robust_list, &Head, sizeof Head);
}
static void *hostile(void *Unused) {
  hostileList();
  return Unused;
}

// --- Process-directed signals, and masks that threads inherit ---

static sem_t Ready;
static volatile pid_t Taker;
static void take(int Signal) {
  (void)Signal;
  Taker = gettid();
}
static void *open_(void *Out) {
  sigset_t Mask;
  pthread_sigmask(SIG_BLOCK, 0, &Mask);
  *(long *)Out = sigismember(&Mask, SIGTERM);
  sigemptyset(&Mask);
  sigaddset(&Mask, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &Mask, 0);
  sem_post(&Ready);
  while (!Taker)
    sched_yield();
  return (void *)(long)(Taker == gettid());
}

// --- Condition variables, and their requeue ---

static pthread_mutex_t Mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t Condition = PTHREAD_COND_INITIALIZER;
static int Turn;
static void *turns(void *Index) {
  for (int R = 0; R < 100; ++R) {
    pthread_mutex_lock(&Mutex);
    while (Turn % N != (long)Index)
      pthread_cond_wait(&Condition, &Mutex);
    ++Turn;
    pthread_cond_broadcast(&Condition);
    pthread_mutex_unlock(&Mutex);
  }
  return 0;
}
static int From, To, Waiting;
static void *waiter(void *Unused) {
  (void)Unused;
  __atomic_add_fetch(&Waiting, 1, __ATOMIC_SEQ_CST);
  return (void *)futex(&From, FUTEX_WAIT, 0, 0, 0, 0);
}

int main(void) {
  // The handler's own signals are not the subject of those waits.
  pthread_barrier_init(&Barrier, 0, N);
  set(SIGUSR1, count, SA_RESTART);
  sigset_t Usr1;
  sigemptyset(&Usr1);
  sigaddset(&Usr1, SIGUSR1);
  for (long I = 0; I < N; ++I)
    pthread_create(&Threads[I], 0, storm, (void *)I);
  for (int I = 0; I < N; ++I)
    pthread_join(Threads[I], 0);
  printf("storm: %ld wrong, %ld threads ran handlers\n", Wrong, Handled);

  set(SIGSEGV, back, 0);
  long Good = 0;
  for (long I = 0; I < N; ++I)
    pthread_create(&Threads[I], 0, faulting, (void *)I);
  for (int I = 0; I < N; ++I) {
    void *R;
    pthread_join(Threads[I], &R);
    Good += (long)R;
  }
  say("faults", Good);

  set(SIGUSR2, ran, 0);
  with(futexEnds);
  with(sleepEnds);
  with(suspendEnds);
  with(timedwaitEnds);
  with(semaphoreEnds);
  set(SIGUSR2, ran, SA_RESTART);
  with(futexGoesOn);
  set(SIGUSR2, SIG_IGN, 0);
  struct timespec Short = {0, 150000000};
  Word = Poked = 0;
  pthread_t T;
  pthread_create(&T, 0, poke, (void *)(uintptr_t)pthread_self());
  printf("ignored signals: sleep %d, futex %ld\n", nanosleep(&Short, 0),
         futex(&Word, FUTEX_WAIT, 0, &Short, 0, 0));
  Poked = 1;
  pthread_join(T, 0);

  pthread_mutexattr_t Attributes;
  pthread_mutexattr_init(&Attributes);
  pthread_mutexattr_setrobust(&Attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&Robust, &Attributes);
  pthread_create(&T, 0, dies, 0);
  while (!Locked)
    usleep(1000);
  int Error = pthread_mutex_lock(&Robust);
  printf("robust: owner died %d, consistent %d\n", Error == EOWNERDEAD, pthread_mutex_consistent(&Robust));
  pthread_mutex_unlock(&Robust);
  pthread_join(T, 0);
  pthread_create(&T, 0, hostile, 0);
  pthread_join(T, 0);
  puts("hostile list: survived");

  sem_init(&Ready, 0, 0);
  set(SIGTERM, take, 0);
  sigset_t Mask;
  sigemptyset(&Mask);
  sigaddset(&Mask, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &Mask, 0);
  long Inherited = 0;
  void *Took;
  pthread_create(&T, 0, open_, &Inherited);
  sem_wait(&Ready);
  kill(getpid(), SIGTERM);
  pthread_join(T, &Took);
  printf("inherited mask %ld, taken by who may %ld\n", Inherited, (long)Took);

  for (long I = 0; I < N; ++I)
    pthread_create(&Threads[I], 0, turns, (void *)I);
  for (int I = 0; I < N; ++I)
    pthread_join(Threads[I], 0);
  say("turns", Turn);

  for (long I = 0; I < N; ++I)
    pthread_create(&Threads[I], 0, waiter, 0);
  while (__atomic_load_n(&Waiting, __ATOMIC_SEQ_CST) != N)
    sched_yield();
  usleep(50000);
  say("wrong value", futex(&From, FUTEX_CMP_REQUEUE, 1, (void *)INT_MAX, &To, 5));
  long Moved = 0;
  while (Moved < N)
    Moved += futex(&From, FUTEX_CMP_REQUEUE, 0, (void *)INT_MAX, &To, 0);
  say("requeued", Moved);
  say("none is left", futex(&From, FUTEX_WAKE, INT_MAX, 0, 0, 0));
  say("woken there", futex(&To, FUTEX_WAKE_OP, 3, (void *)INT_MAX, &To,
                           FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_EQ, 0)));
  say("added", To);
  for (int I = 0; I < N; ++I)
    pthread_join(Threads[I], 0);
  say("bad address", futex((int *)8, FUTEX_WAIT, 0, 0, 0, 0));
  say("kernel address", futex((int *)0xffff800000000000, FUTEX_WAIT, 0, 0, 0, 0));
  say("odd address", futex((int *)((char *)&Word + 1), FUTEX_WAKE, 1, 0, 0, 0));
  struct timespec Now;
  clock_gettime(CLOCK_REALTIME, &Now);
  say("time-out by the calendar", futex(&Word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &Now, 0, 1));
  say("no bits", futex(&Word, FUTEX_WAKE_BITSET, 1, 0, 0, 0));
  struct rlimit Limit;
  say("limits", getrlimit(RLIMIT_STACK, &Limit));
  say("the date is past 2025", Now.tv_sec > 1735689600);
  return 0;
}
