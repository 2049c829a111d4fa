// Timers that send signals. Prints the same under Linux: no times are shown.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int Runs, Value, Code;
static void ran(int Signal, siginfo_t *I, void *Context) {
  (void)Signal, (void)Context;
  ++Runs;
  Code = I->si_code;
  if (I->si_code == SI_TIMER)
    Value = I->si_value.sival_int;
}

static void set(int Signal) {
  struct sigaction A;
  memset(&A, 0, sizeof A);
  A.sa_sigaction = ran;
  A.sa_flags = SA_SIGINFO;
  sigaction(Signal, &A, 0);
}

// A wait that a signal between look and pause does not outlast.
static void waitFor(int Wanted) {
  while (Runs < Wanted) {
    struct timespec T = {0, 1000000};
    nanosleep(&T, 0);
  }
}

static volatile int Stop;
static void *receiver(void *Tid) {
  *(volatile pid_t *)Tid = gettid();
  while (!Stop)
    usleep(1000);
  return 0;
}

int main(void) {
  set(SIGALRM);
  set(SIGPROF);
  set(SIGRTMIN);
  printf("alarm: %u", alarm(100));
  printf(" %d\n", alarm(0) > 90);
  struct itimerval I = {{0, 2000}, {0, 2000}}, Old;
  setitimer(ITIMER_REAL, &I, 0);
  waitFor(5);
  memset(&I, 0, sizeof I);
  setitimer(ITIMER_REAL, &I, &Old);
  printf("setitimer: code %d, interval %ld\n", Code, (long)Old.it_interval.tv_usec);
  Runs = 0;
  I.it_value.tv_usec = I.it_interval.tv_usec = 10000;
  setitimer(ITIMER_PROF, &I, 0);
  for (volatile long N = 0; Runs < 3; ++N)
    ;
  memset(&I, 0, sizeof I);
  setitimer(ITIMER_PROF, &I, 0);
  struct rusage Usage;
  getrusage(RUSAGE_SELF, &Usage);
  struct timespec Cpu;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &Cpu);
  printf("profiling: %d, CPU time %d %d\n", Runs >= 3, Usage.ru_utime.tv_usec + Usage.ru_utime.tv_sec > 0,
         Cpu.tv_nsec + Cpu.tv_sec > 0);

  Runs = 0;
  timer_t Timer;
  struct sigevent E;
  memset(&E, 0, sizeof E);
  E.sigev_notify = SIGEV_SIGNAL;
  E.sigev_signo = SIGRTMIN;
  E.sigev_value.sival_int = 1234;
  printf("timer_create: %d\n", timer_create(CLOCK_MONOTONIC, &E, &Timer));
  struct itimerspec S = {{0, 3000000}, {0, 3000000}}, Now;
  timer_settime(Timer, 0, &S, 0);
  waitFor(3);
  timer_gettime(Timer, &Now);
  printf("timer: value %d code %d interval %ld runs on %d\n", Value, Code, Now.it_interval.tv_nsec,
         Now.it_value.tv_nsec > 0);
  sigset_t Mask;
  sigemptyset(&Mask);
  sigaddset(&Mask, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &Mask, 0);
  usleep(50000);
  siginfo_t Info;
  sigwaitinfo(&Mask, &Info);
  sigprocmask(SIG_UNBLOCK, &Mask, 0);
  printf("deleted: %d\n", timer_delete(Timer));
  int Before = Runs;
  usleep(20000);
  printf("no more: %d\n", Runs - Before <= 1);

  pthread_t Thread;
  volatile pid_t Tid = 0;
  pthread_create(&Thread, 0, receiver, (void *)&Tid);
  while (!Tid)
    usleep(1000);
  E.sigev_notify = SIGEV_THREAD_ID;
  E._sigev_un._tid = Tid;
  sigprocmask(SIG_BLOCK, &Mask, 0); // the receiver does not block it
  Runs = 0;
  struct timespec Time;
  clock_gettime(CLOCK_REALTIME, &Time);
  struct itimerspec At = {{0, 0}, {Time.tv_sec, Time.tv_nsec}};
  printf("for a thread: %d", timer_create(CLOCK_REALTIME, &E, &Timer));
  printf(" %d\n", timer_settime(Timer, TIMER_ABSTIME, &At, 0));
  waitFor(1);
  Stop = 1;
  pthread_join(Thread, 0);
  puts("end");
  return 0;
}
