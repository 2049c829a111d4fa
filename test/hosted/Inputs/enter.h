/* The functions of the object that enter-boundary.c and enter-world.c make, and
 * what its tests have in common.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef ENTER_H
#define ENTER_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static long (*count)(void);
static char *(*address)(void);
static long (*thread_number)(void);
static long (*call)(long (*)(long), long);
static long (*processes)(void);
static int (*block_pages)(unsigned long span[2]);
static unsigned long (*blocks_in_use)(void), (*blocks_ever)(void);

static atomic_int failures;
#define CHECK(condition, ...)                                                  \
  do {                                                                         \
    if (!(condition)) {                                                        \
      ++failures;                                                              \
      printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                   \
      printf(__VA_ARGS__);                                                     \
      putchar('\n');                                                           \
    }                                                                          \
  } while (0)

static inline void in_thread(void *(*function)(void *), void *argument) {
  pthread_t thread;
  pthread_create(&thread, NULL, function, argument);
  pthread_join(thread, NULL);
}

static inline void *load(const char *path) {
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!object) {
    printf("%s\n", dlerror());
    exit(1);
  }
#define FIND(name) name = (__typeof__(name))dlsym(object, #name)
  FIND(count);
  FIND(address);
  FIND(thread_number);
  FIND(call);
  FIND(processes);
  FIND(blocks_in_use);
  FIND(blocks_ever);
  FIND(block_pages);
  return object;
}

/* The program's status. */
static inline int conclude(void) {
  printf("%d failures\n", (int)failures);
  return failures != 0;
}

#endif
