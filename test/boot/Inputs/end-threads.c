// Ends the program while its other threads do what ARGV[1] says: everything that
// a thread can be caught at.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t Mutex = PTHREAD_MUTEX_INITIALIZER;
static int Pipe[2], Word;
static char Zeros[1 << 16];
static struct iovec Long[1024]; // 64 MiB
static void again(int Signal) { (void)Signal; }
static void *nothing(void *Unused) { return Unused; }

static void *busy(void *Index) {
  pthread_t T;
  sigset_t Mask;
  char Byte;
  switch ((long)Index) {
  case 0: for (;;) ;
  case 1: for (;;) sched_yield();
  case 2: for (;;) syscall(SYS_futex, &Word, 0, 0, 0, 0, 0);
  case 3: for (;;) sleep(1000);
  case 4: for (;;) pause();
  case 5: for (;;) if (!pthread_create(&T, 0, nothing, 0)) pthread_join(T, 0);
  case 6: for (;;) munmap(memset(mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 65536), 65536);
  case 7: for (;;) raise(SIGUSR1);
  case 8: for (;;) if (read(Pipe[0], &Byte, 1) == 1) abort();
  case 9: sigemptyset(&Mask); sigaddset(&Mask, SIGUSR2); for (;;) sigwaitinfo(&Mask, 0);
  case 10: pthread_mutex_lock(&Mutex); for (;;) sleep(1);
  case 11: for (;;) pthread_mutex_lock(&Mutex);
  case 12: sigfillset(&Mask); pthread_sigmask(SIG_BLOCK, &Mask, 0); for (;;) ;
  case 13: for (;;) writev(1, Long, 1024);
  }
  return 0;
}

int main(int Count, char **Arguments) {
  signal(SIGUSR1, again);
  if (pipe(Pipe))
    return 1;
  for (int I = 0; I < 1024; ++I)
    Long[I] = (struct iovec){Zeros, sizeof Zeros};
  for (long I = 0; I < 14; ++I) {
    pthread_t T;
    pthread_create(&T, 0, busy, (void *)I);
  }
  usleep(100000);
  const char *How = Count > 1 ? Arguments[1] : "exit";
  if (!strcmp(How, "kill"))
    kill(getpid(), SIGKILL);
  if (!strcmp(How, "term"))
    kill(getpid(), SIGTERM);
  if (!strcmp(How, "fault"))
    *(volatile int *)16 = 1;
  if (!strcmp(How, "thread")) // the others go on; one of them ends all
    alarm(1), syscall(SYS_exit, 3);
  exit(9);
}
