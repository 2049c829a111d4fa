/* The call tests' boundary for a world on FS, as it is done without segshift:
 * its thread control block is swapped in by rdfsbase and wrfsbase at each call,
 * and out at each return and each callback. For comparison only: a signal that
 * arrives in the world finds the wrong FS, and so does whatever of the host
 * runs then.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "calls.h"
#include "segshift/hosted.h"
#include "segshift/tls.h"

#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern HIDDEN const struct segshift_world segshift_world;
extern HIDDEN const ElfW(Ehdr) __ehdr_start;

static __thread void *world_tp;
static struct segshift_tls_image image;
static struct segshift_tls_layout layout;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static long threads;

static inline void *swap(void *to) {
  void *from;
  __asm__ volatile("rdfsbase %0" : "=r"(from));
  __asm__ volatile("wrfsbase %0" : : "r"(to) : "memory");
  return from;
}

static void end_thread(void *tp) {
  void *host = swap(tp);
  segshift_world.thread_end(tp, true);
  swap(host);
  world_tp = NULL;
  munmap((char *)tp - layout.tp_offset, layout.size);
  __atomic_sub_fetch(&threads, 1, __ATOMIC_RELAXED);
}

static void describe(void) {
  size_t tpoff;
  __asm__("movq _TLS_MODULE_BASE_@gottpoff(%%rip), %0" : "=r"(tpoff));
  const char *header = (const char *)&__ehdr_start;
  if (segshift_tls_image_from_phdrs(
          &image, header + __ehdr_start.e_phoff, __ehdr_start.e_phnum,
          __ehdr_start.e_phentsize, (uint64_t)header) ||
      segshift_tls_layout_at(&layout, &image, segshift_world.tcb_size,
                             0 - tpoff) ||
      pthread_key_create(&key, end_thread))
    abort();
}

static __attribute__((noinline)) void begin(void) {
  static int is_started;
  pthread_once(&once, describe);
  void *memory = mmap(NULL, layout.size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  world_tp = segshift_tls_init(memory, &layout, &image, 0x5bd1e9955bd1e900,
                               0x9e3779b97f4a7c15);
  if (!world_tp)
    abort();
  pthread_setspecific(key, world_tp);
  int tid = (int)syscall(SYS_gettid);
  int is_first = !__atomic_exchange_n(&is_started, 1, __ATOMIC_RELAXED);
  void *tp = world_tp, *host = swap(tp);
  segshift_world.thread_begin(tp, tid);
  static const size_t no_auxiliary[2];
  int result = is_first ? segshift_world.start(NULL, no_auxiliary, NULL) : 0;
  swap(host);
  if (result)
    abort();
  __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
}

long step(void) {
  if (!world_tp)
    begin();
  void *host = swap(world_tp);
  long result = world_step();
  swap(host);
  return result;
}

struct back {
  long (*callback)(void *);
  void *argument, *host;
};

static long swap_back(void *argument) {
  struct back *back = argument;
  void *world = swap(back->host);
  long result = back->callback(back->argument);
  swap(world);
  return result;
}

long step_back(long (*callback)(void *), void *argument) {
  if (!world_tp)
    begin();
  struct back back = {callback, argument, NULL};
  __asm__ volatile("rdfsbase %0" : "=r"(back.host));
  swap(world_tp);
  long result = world_step_back(swap_back, &back);
  swap(back.host);
  return result;
}

long allocated(void) {
  if (!world_tp)
    begin();
  void *host = swap(world_tp);
  long result = world_allocated();
  swap(host);
  return result;
}

long blocks(void) { return __atomic_load_n(&threads, __ATOMIC_RELAXED); }

/* The first call is the main thread's, ahead of all others. */
__attribute__((constructor)) static void construct(void) { begin(); }
