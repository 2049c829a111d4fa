/* Code on the stack: a nested function's trampoline, made by GCC, in the first
 * thread and in another. Where the stack is not executable, SIGSEGV is told of.
 * With ADD=1 the nested function is a library's, ADD=2 the program that uses
 * it, before and after it is loaded if a path is given.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

__attribute__((noinline)) int applyTwice(int (*Function)(int), int Value) {
  return Function(Function(Value));
}

#if ADD != 2
int viaNested(int Added) {
  int add(int Value) { return Value + Added; }
  return applyTwice(add, 40);
}
#endif

#if ADD != 1
#if ADD == 2
extern int viaNested(int) __attribute__((weak));
#endif

static __thread sigjmp_buf Back;
static void caught(int Signal) { siglongjmp(Back, Signal); }

/* A return instruction on the stack. */
static int tryStack(const char *Where) {
  volatile unsigned char Code[16];
  Code[0] = 0xc3;
  int Signal = sigsetjmp(Back, 1);
  if (!Signal)
    ((void (*)(void))(void *)Code)();
  printf("%s: %s\n", Where, Signal ? "signal" : "executable");
  return !Signal;
}

static void *run(void *Where) {
  if (tryStack(Where) && viaNested)
    printf("%s: nested function: %d\n", (char *)Where, viaNested(1));
  return 0;
}

/* The stack's own line, as far as it does not depend on where it is. */
static void showStack(void) {
  FILE *Maps = fopen("/proc/self/maps", "r");
  char Line[512];
  while (Maps && fgets(Line, sizeof(Line), Maps))
    if (strstr(Line, "[stack]"))
      printf("/proc/self/maps: %.4s\n", strchr(Line, ' ') + 1);
}

static pthread_barrier_t Loaded;
static void *runLater(void *Where) {
  pthread_barrier_wait(&Loaded);
  pthread_barrier_wait(&Loaded);
  return run(Where);
}

int main(int NumArguments, char **Arguments) {
  pthread_t Thread;
  signal(SIGSEGV, caught);
  run("main");
  pthread_create(&Thread, 0, run, "thread");
  pthread_join(Thread, 0);
  showStack();
#ifdef __PIC__
  if (NumArguments > 1) {
    pthread_barrier_init(&Loaded, 0, 2);
    pthread_create(&Thread, 0, runLater, "earlier thread");
    pthread_barrier_wait(&Loaded);
    void *Library = dlopen(Arguments[1], RTLD_NOW);
    int (*Function)(int) =
        Library ? (int (*)(int))dlsym(Library, "viaNested") : 0;
    printf("loaded: %d\n", Function ? Function(1) : -1);
    pthread_barrier_wait(&Loaded);
    pthread_join(Thread, 0);
    run("main");
    showStack();
  }
#endif
  return 0;
}
#endif
