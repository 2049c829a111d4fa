// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A signal to the program that comes just when sigtimedwait's time ends is either
// taken by it or by the other thread's handler: it is not left lying.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static atomic_int Sent, Seen, Ready, End;

static void handle(int Signal) { (void)Signal; atomic_fetch_add(&Seen, 1); }

// Does not enter the kernel by itself.
static void *spin(void *A) {
  sigset_t S;
  sigemptyset(&S);
  sigaddset(&S, SIGUSR1);
  pthread_sigmask(SIG_UNBLOCK, &S, NULL);
  Ready = 1;
  while (!End)
    ;
  return A;
}

static void *sender(void *A) {
  while (!Ready)
    sched_yield();
  for (int I = 0; I != 3000; ++I) {
    ++Sent;
    kill(getpid(), SIGUSR1);
    while (Seen != I + 1)
      sched_yield();
  }
  End = 1;
  return A;
}

int main(void) {
  struct sigaction A = {.sa_handler = handle};
  sigaction(SIGUSR1, &A, NULL);
  sigset_t S;
  sigemptyset(&S);
  sigaddset(&S, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &S, NULL);
  pthread_t T[2];
  pthread_create(&T[0], NULL, spin, NULL);
  pthread_create(&T[1], NULL, sender, NULL);
  while (!End) {
    struct timespec Time = {0, 0};
    if (sigtimedwait(&S, NULL, &Time) == SIGUSR1)
      atomic_fetch_add(&Seen, 1);
    // It does not ask again before that one has been taken.
    while (Seen != Sent)
      ;
  }
  for (int I = 0; I != 2; ++I)
    pthread_join(T[I], NULL);
  printf("signals: %d of 3000\n", Seen);
  return 0;
}
