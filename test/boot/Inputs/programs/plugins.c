/* dlopen of libraries with thread-locals while threads run: of the initial-exec model
   (within the static surplus), of the dynamic models small and of 1 MiB (beyond it);
   a second copy by dlmopen; dlclose and again.
   usage: plugins FOLDER
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { NumThreads = 4 };
static pthread_barrier_t barrier;
static int (*state)(int);
static void (*fill)(int);
static int failures;

static void expect(int want, int found, const char *what) {
  if (want != found) {
    __sync_fetch_and_add(&failures, 1);
    fprintf(stderr, "%s: %d, not %d\n", what, found, want);
  }
}

static void *open_plugin(const char *folder, const char *name, int apart) {
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  void *handle;
#ifdef __GLIBC__
  if (apart)
    handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
  else
#endif
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    printf("%s: %s\n", name, dlerror());
    exit(1);
  }
  (void)apart;
  *(void **)&state = dlsym(handle, "plugin_state");
  *(void **)&fill = dlsym(handle, "plugin_fill");
  return handle;
}

/* Started before any plugin was opened; goes through four plugins. */
static void *run(void *argument) {
  int id = (int)(intptr_t)argument + 1;
  for (int i = 0; i != 4; ++i) {
    pthread_barrier_wait(&barrier); /* opened */
    expect(1, state(id), "fresh in a thread");
    fill(id);
    for (int j = 0; j != 20; ++j)
      expect(2, state(id), "kept in a thread");
    pthread_barrier_wait(&barrier); /* done */
  }
  return 0;
}

static void use(const char *name) {
  expect(1, state(77), "fresh in main");
  fill(77);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  expect(2, state(77), "kept in main");
  printf("%s: used\n", name);
}

int main(int argc, char **argv) {
  pthread_t threads[NumThreads];
  const char *folder = argc > 1 ? argv[1] : ".";
  pthread_barrier_init(&barrier, 0, NumThreads + 1);
  for (intptr_t i = 0; i != NumThreads; ++i)
    pthread_create(&threads[i], 0, run, (void *)i);
  /* musl has no static surplus: it refuses the initial-exec model in dlopen. */
#ifdef __GLIBC__
  open_plugin(folder, "small-ie.so", 0);
#else
  open_plugin(folder, "aligned-gd.so", 0);
#endif
  use("first");
  void *small = open_plugin(folder, "small-gd.so", 0);
  use("small-gd.so");
  open_plugin(folder, "large-gd.so", 0);
  use("large-gd.so");
#ifdef __GLIBC__
  open_plugin(folder, "small-gd.so", 1); /* a copy of its own, fresh again */
#else
  open_plugin(folder, "medium-gd.so", 0);
#endif
  use("last");
  for (int i = 0; i != NumThreads; ++i)
    pthread_join(threads[i], 0);
  /* musl keeps libraries. */
  expect(0, dlclose(small), "dlclose");
  printf("plugins: failures %d\n", failures);
  return failures != 0;
}
