/* Dynamic TLS with many threads: threads come and go, modules come and go, and
 * all of them touch variables. Exact counts at the end, and nothing left
 * behind. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "dtv.h"

enum { Threads = 8, Lives = 12, Touches = 2000, Places = 6 };

static const uint64_t init[2] = {0x1234, 0};
static const struct segshift_tls_image kernel_image = {
    .init = init, .file_size = 8, .mem_size = 64, .align = 64};
static const struct segshift_tls_image image = {
    .init = init, .file_size = 16, .mem_size = 48, .align = 16};

static void fail(void *context, const char *what, uint64_t module) {
  (void)context;
  printf("%s: %lx\n", what, (unsigned long)module);
  abort();
}
static const struct segshift_tls_hooks hooks = {spin_lock, spin_unlock, fail,
                                                NULL};
static struct counting heap = COUNTING;
static struct segshift_tls_layout layout;
static struct segshift_tls_modules modules;

/* A place for a module: loaded while it is not 0. Users hold it for reading, as
 * a kernel's module references do. */
static struct place {
  pthread_rwlock_t used;
  uint64_t number;
  int is_static;
} places[Places];
static atomic_ulong total;
static atomic_bool ended;

static void touch(struct place *place) {
  struct segshift_tls_index index = {place->number, 8};
  uint64_t *count = __segshift_tls_get_addr(&index);
  if (count[-1] != 0x1234)
    abort();
  ++*count;
  ++total;
  int64_t tpoff;
  if (place->is_static) {
    CHECK(!segshift_tls_module_tpoff(&modules, place->number, 8, &tpoff),
          "static");
    CHECK((char *)segshift_tp() + tpoff == (char *)count, "static");
  }
}

static void *live(void *argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  for (int life = 0; life < Lives; ++life) {
    void *tp = new_block(&layout, &kernel_image);
    if (segshift_tls_attach(&modules, tp, NULL))
      abort();
    set_gs(tp);
    for (int i = 0; i < Touches; ++i) {
      seed = seed * 1103515245 + 12345;
      struct place *place = &places[(seed >> 16) % Places];
      pthread_rwlock_rdlock(&place->used);
      if (place->number)
        touch(place);
      pthread_rwlock_unlock(&place->used);
    }
    segshift_tls_detach(&modules, tp);
    set_gs(NULL);
    free_block(tp, &layout);
  }
  return NULL;
}

static void load_or_unload(struct place *place, int is_static) {
  pthread_rwlock_wrlock(&place->used);
  if (place->number) {
    if (segshift_tls_remove(&modules, place->number))
      abort();
    place->number = 0;
  } else {
    place->is_static = is_static;
    if ((is_static ? segshift_tls_add_static
                   : segshift_tls_add)(&modules, &image, &place->number))
      abort();
  }
  pthread_rwlock_unlock(&place->used);
}

static void *load(void *argument) {
  unsigned seed = 7;
  (void)argument;
  while (!ended) {
    seed = seed * 1103515245 + 12345;
    load_or_unload(&places[(seed >> 16) % Places], seed >> 28 & 1);
    usleep(200);
  }
  return NULL;
}

int main(void) {
  heap.allocator.context = &heap;
  if (segshift_tls_layout_surplus(&layout, &kernel_image, 0, 512) ||
      segshift_tls_modules_init(&modules, &layout, &kernel_image, Places + 1,
                                &heap.allocator, &hooks))
    abort();
  for (int i = 0; i < Places; ++i) {
    pthread_rwlock_init(&places[i].used, NULL);
    load_or_unload(&places[i], i & 1);
  }
  pthread_t threads[Threads], loader;
  pthread_create(&loader, NULL, load, NULL);
  for (uintptr_t i = 0; i < Threads; ++i)
    pthread_create(&threads[i], NULL, live, (void *)(i + 1));
  for (int i = 0; i < Threads; ++i)
    pthread_join(threads[i], NULL);
  ended = 1;
  pthread_join(loader, NULL);
  for (int i = 0; i < Places; ++i)
    if (places[i].number)
      CHECK(!segshift_tls_remove(&modules, places[i].number), "%d", i);
  CHECK(!modules.threads, "a thread is left");
  CHECK(modules.blocks == 0, "%zu blocks", modules.blocks);
  segshift_tls_modules_end(&modules);
  CHECK(heap.blocks == 0 && heap.bytes == 0, "%ld blocks, %ld bytes",
        (long)heap.blocks, (long)heap.bytes);
  CHECK(total > 0, "nothing was touched");
  printf("%lu failures\n", (unsigned long)failures);
  return failures != 0;
}
