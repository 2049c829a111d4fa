/* dlopen, and dlmopen: a second copy of the C library, whose functions are
 * called. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *thread(void *argument) {
  int (*other_close)(int) = argument;
  int *(*other_errno)(void) = dlsym(RTLD_DEFAULT, "__errno_location");
  errno = 0;
  other_close(-1);
  printf("thread: %d\n", close(-1) == -1 && *other_errno() == EBADF);
  return NULL;
}

int main(void) {
  void *math = dlopen("libm.so.6", RTLD_NOW);
  double (*cosine)(double) = math ? (double (*)(double))dlsym(math, "cos") : 0;
  printf("dlopen: %d\n", cosine && cosine(0) == 1);
  dlclose(math);
  void *copy = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
  if (!copy) {
    printf("dlmopen: %s\n", dlerror());
    return 1;
  }
  int (*other_close)(int) = (int (*)(int))dlsym(copy, "close");
  int *(*other_errno)(void) = (int *(*)(void))dlsym(copy, "__errno_location");
  errno = 0;
  printf("dlmopen: %d %s\n", other_close(-1), strerror(*other_errno()));
  pthread_t threads[8];
  for (int i = 0; i < 8; ++i) {
    pthread_create(&threads[i], NULL, thread, (void *)other_close);
    pthread_join(threads[i], NULL);
  }
  printf("%s\n", getpid() > 0 ? "end" : "");
  return 0;
}
