/* A kernel module: thread-local variables of its own in every shape, and two of the
 * kernel's. -DIE: its own are initial-exec, all the same.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "module_api.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT __thread long exported = 7;
static __thread char text[16] = "module";
static __thread long zeroed;
static __thread volatile char aligned[100] __attribute__((aligned(64)));
/* .tdata with a pointer in it: relocated before any thread has a copy. */
static volatile long target = 99;
EXPORT __thread volatile long *pointer = &target;

static long constructed, resolved;

/* An undefined weak function, and an indirect one (R_X86_64_IRELATIVE). */
extern void kernel_has_no_such_function(void) __attribute__((weak));
static long picked_one(void) { return 11; }
static long (*pick(void))(void) {
  return picked_one;
}
static long picked(void) __attribute__((ifunc("pick")));
EXPORT long picked_by_others(void) __attribute__((ifunc("pick")));

/* Pointers that are relocated: R_X86_64_RELATIVE, _64 or DT_RELR. */
EXPORT long value = 5;
static volatile long *const own[] = {&target, &value};
static const char *const names[] = {"first", "second"};

__attribute__((constructor)) static void construct(void) {
  ++constructed;
  resolved = picked() + picked_by_others();
  kernel_log("counter: constructor on thread %d", kernel_thread());
}

__attribute__((destructor)) static void destruct(void) {
  kernel_log("counter: destructor");
}

__attribute__((noinline)) static long use_stack(long turn) {
  char buffer[64];
  memset(buffer, (char)turn, sizeof(buffer));
  __asm__("" : : "r"(buffer) : "memory");
  return buffer[63];
}

/* Turn after turn of one thread; 0, or what was wrong. */
EXPORT long module_check(long turn) {
  if (constructed != 1 || resolved != 22)
    return 1;
  if (exported != 7 + turn || zeroed != turn)
    return 2;
  if (memcmp(text, "module", 7))
    return 3;
  if ((unsigned long)aligned & 63)
    return 4;
  for (unsigned i = 0; i < sizeof(aligned); ++i)
    if (aligned[i] != (char)turn)
      return 5;
  for (unsigned i = 0; i < sizeof(aligned); ++i)
    aligned[i] = (char)(turn + 1);
  if (pointer != &target || *pointer != 99)
    return 6;
  if (kernel_has_no_such_function || *own[0] != 99 || *own[1] != 5 ||
      names[1][0] != 's')
    return 7;
  if (use_stack(turn) != (char)turn)
    return 8;
  void *memory = kernel_allocate(100);
  if (!memory)
    return 9;
  kernel_free(memory);
  ++exported;
  ++zeroed;
  kernel_errno = (int)turn;
  kernel_yield();
  if (kernel_errno != (int)turn)
    return 10;
  ++kernel_scratch;
  return 0;
}
