// A dynamic program with thread-locals in two threads, and its library's. Two
// names are also the kernel's.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

struct session {
  int user;
  const char *name;
};
static struct session guest = {1000, "guest"};
__thread long requests = 5;
__thread struct session *session = &guest;
static __thread int Depth = 77;

const void *library; /* where it is */
long library_next(void);

__attribute__((noinline)) void stop(void) { __asm__ volatile(""); }
__attribute__((noinline)) void turn(void) { __asm__ volatile("nop"); }

static void *run(void *ready) {
  requests = 500;
  Depth = 88;
  *(volatile int *)ready = 1;
  for (;;)
    pause();
}

int main(void) {
  pthread_t thread;
  static volatile int ready;
  Dl_info info;
  if (dladdr((void *)library_next, &info))
    library = info.dli_fbase;
  pthread_create(&thread, 0, run, (void *)&ready);
  while (!ready)
    sched_yield();
  stop();
  for (;;) {
    library_next();
    ++requests;
    ++Depth;
    turn();
    sched_yield();
  }
}
