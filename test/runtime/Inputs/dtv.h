/* What the hosted tests of dynamic TLS share: GS in a Linux process, a lock,
 * and an allocator that counts.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/dtv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_ulong checks, failures;

#define CHECK(condition, ...)                                                  \
  do {                                                                         \
    ++checks;                                                                  \
    if (!(condition)) {                                                        \
      ++failures;                                                              \
      printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                   \
      printf(__VA_ARGS__);                                                     \
      putchar('\n');                                                           \
    }                                                                          \
  } while (0)

static inline void set_gs(void *tp) {
  if (syscall(SYS_arch_prctl, SEGSHIFT_ARCH_SET_GS, tp))
    abort();
}

/* Each block's size is kept in a heap block of its own exact size, so that
 * AddressSanitizer sees writes beyond it. */
struct counting {
  struct segshift_tls_allocator allocator;
  atomic_long blocks, bytes, fail_after;
};

static void *counted_allocate(void *context, size_t size, size_t align) {
  struct counting *self = context;
  void *memory;
  if (self->fail_after && --self->fail_after == 0)
    return NULL;
  if (posix_memalign(&memory, align, size))
    return NULL;
  memset(memory, 0xee, size);
  ++self->blocks;
  self->bytes += (long)size;
  return memory;
}

static void counted_release(void *context, void *memory, size_t size) {
  struct counting *self = context;
  --self->blocks;
  self->bytes -= (long)size;
  free(memory);
}

#define COUNTING                                                               \
  {                                                                            \
    .allocator = {.allocate = counted_allocate, .release = counted_release }   \
  }

static atomic_flag spin = ATOMIC_FLAG_INIT;
static uintptr_t spin_lock(void *context) {
  (void)context;
  while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire))
    ;
  return 0x10cced;
}
static void spin_unlock(void *context, uintptr_t state) {
  (void)context;
  if (state != 0x10cced)
    abort();
  atomic_flag_clear_explicit(&spin, memory_order_release);
}

/* A thread's static block. */
static inline void *new_block(const struct segshift_tls_layout *layout,
                              const struct segshift_tls_image *image) {
  void *memory;
  if (posix_memalign(&memory, layout->align, layout->size))
    abort();
  return segshift_tls_init(memory, layout, image, 0xc0ffee00, 0x9a2d);
}
static inline void free_block(void *tp,
                              const struct segshift_tls_layout *layout) {
  free(segshift_tls_release(tp, layout));
}
