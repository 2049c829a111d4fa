/* Dynamic TLS on GS in a Linux process, one thread at a time.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "dtv.h"

#include <setjmp.h>

#define ALIGNED(n) __attribute__((aligned(n)))

static const char kernel_init[40] ALIGNED(64) = "the kernel's own";
static const struct segshift_tls_image kernel_image = {
    .init = kernel_init, .file_size = 40, .mem_size = 100, .align = 64};
static const char text[24] = "a module's variable";

static jmp_buf failed;
static const char *fail_what;
static uint64_t fail_module;
static void fail(void *context, const char *what, uint64_t module) {
  (void)context;
  fail_what = what;
  fail_module = module;
  longjmp(failed, 1);
}
static const struct segshift_tls_hooks hooks = {spin_lock, spin_unlock, fail,
                                                NULL};

struct world {
  struct counting heap;
  struct segshift_tls_layout layout;
  struct segshift_tls_modules modules;
  void *tp;
};

static void start(struct world *w, size_t capacity, size_t surplus) {
  *w = (struct world){.heap = COUNTING};
  w->heap.allocator.context = &w->heap;
  CHECK(!segshift_tls_layout_surplus(&w->layout, &kernel_image, 0, surplus),
        "surplus %zu", surplus);
  CHECK(w->layout.image_offset >= surplus, "surplus %zu", surplus);
  CHECK(!segshift_tls_modules_init(&w->modules, &w->layout, &kernel_image,
                                   capacity, &w->heap.allocator, &hooks),
        "capacity %zu", capacity);
  w->tp = new_block(&w->layout, &kernel_image);
  CHECK(!segshift_tls_attach(&w->modules, w->tp, NULL), "attach");
  set_gs(w->tp);
}

static void end(struct world *w) {
  segshift_tls_detach(&w->modules, w->tp);
  CHECK(!((struct segshift_tcb *)w->tp)->dtv, "detached");
  segshift_tls_detach(&w->modules, w->tp); /* no harm */
  CHECK(w->modules.blocks == 0, "%zu", w->modules.blocks);
  segshift_tls_modules_end(&w->modules);
  CHECK(w->heap.blocks == 0 && w->heap.bytes == 0, "%ld blocks, %ld bytes",
        (long)w->heap.blocks, (long)w->heap.bytes);
  free_block(w->tp, &w->layout);
  set_gs(NULL);
}

static char *get(uint64_t module, uint64_t offset) {
  const struct segshift_tls_index index = {module, offset};
  return __segshift_tls_get_addr(&index);
}

/* Blocks have the image's contents, and its address modulo its alignment. */
static void shapes(void) {
  static const size_t aligns[] = {0, 1, 2, 8, 16, 64, 4096};
  static const size_t sizes[] = {0, 1, 7, 24, 100, 5000};
  struct world w;
  start(&w, 4, 64);
  for (unsigned a = 0; a < 7; ++a)
    for (unsigned s = 0; s < 6; ++s)
      for (unsigned skew = 0; skew < 3; ++skew) {
        size_t align = aligns[a] ? aligns[a] : 1;
        struct segshift_tls_image image = {
            .init = text,
            .vaddr = 0x1000 + (skew == 2 ? align - 1 : skew * align / 2),
            .file_size = sizes[s] < 24 ? sizes[s] : 24,
            .mem_size = sizes[s],
            .align = aligns[a]};
        uint64_t number;
        CHECK(!segshift_tls_add(&w.modules, &image, &number), "align %zu",
              align);
        long before = w.heap.blocks;
        char *block = get(number, 0);
        CHECK(w.heap.blocks == before + 1, "made at first touch");
        CHECK(((uintptr_t)block - image.vaddr) % align == 0,
              "align %zu skew %u at %p", align, skew, (void *)block);
        CHECK(!memcmp(block, text, image.file_size), "size %zu", sizes[s]);
        for (size_t i = image.file_size; i < image.mem_size; ++i)
          CHECK(!block[i], "byte %zu of %zu", i, sizes[s]);
        if (sizes[s])
          block[sizes[s] - 1] = 77;
        CHECK(get(number, sizes[s]) == block + sizes[s], "the same block");
        CHECK(w.modules.blocks == 1, "%zu", w.modules.blocks);
        CHECK(!segshift_tls_remove(&w.modules, number), "remove");
        CHECK(w.heap.blocks == before, "released at removal");
      }
  end(&w);
}

static void numbers(void) {
  struct world w;
  start(&w, 3, 0);
  const struct segshift_tls_image image = {
      .init = text, .file_size = 24, .mem_size = 24, .align = 8};
  uint64_t first, second, third, kernel = w.modules.table[1].number;
  CHECK(!segshift_tls_add(&w.modules, &image, &first), "2 of 3");
  CHECK(!segshift_tls_add(&w.modules, &image, &second), "3 of 3");
  CHECK(segshift_tls_add(&w.modules, &image, &third) == -SEGSHIFT_ENOSPC,
        "4 of 3");
  get(first, 0)[0] = 'F';
  get(second, 0)[0] = 'S';
  CHECK(get(first, 0)[0] == 'F' && get(second, 0)[0] == 'S', "apart");

  /* One place, two generations: the new module's variables are fresh, and code
     of the old one is caught. */
  CHECK(!segshift_tls_remove(&w.modules, first), "first");
  CHECK(segshift_tls_remove(&w.modules, first) == -SEGSHIFT_EINVAL, "twice");
  CHECK(!segshift_tls_add(&w.modules, &image, &third), "in its place");
  CHECK(third != first && (third & 0xffff) == (first & 0xffff), "%lx %lx",
        (long)third, (long)first);
  CHECK(get(third, 0)[0] == 'a', "fresh");
  if (!setjmp(failed)) {
    get(first, 0);
    CHECK(0, "not reached");
  }
  CHECK(fail_module == first && strstr(fail_what, "gone"), "%s", fail_what);

  CHECK(!memcmp(get(kernel, 0), kernel_init, 40), "kernel's by its number");
  CHECK(get(kernel, 7) == (char *)w.tp + segshift_tls_tpoff(&w.layout, 7),
        "kernel's by its number");
  const uint64_t bad[] = {0, kernel, first, 4, 0xffff, -1ul, kernel + 65536};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); ++i)
    CHECK(segshift_tls_remove(&w.modules, bad[i]) == -SEGSHIFT_EINVAL, "%lx",
          (long)bad[i]);

  const struct segshift_tls_image malformed[] = {
      {.file_size = 2, .mem_size = 1, .align = 1},
      {.mem_size = 1, .align = 3},
      {.mem_size = -1ul, .align = 1},
      {.mem_size = 1, .align = 1ul << 40}};
  for (unsigned i = 0; i < 4; ++i) {
    CHECK(segshift_tls_add(&w.modules, &malformed[i], &first) ==
              -SEGSHIFT_EINVAL,
          "%u", i);
    CHECK(segshift_tls_add_static(&w.modules, &malformed[i], &first) ==
              -SEGSHIFT_EINVAL,
          "%u", i);
  }
  end(&w);

  struct segshift_tls_modules none;
  CHECK(segshift_tls_modules_init(&none, &w.layout, &kernel_image, 0,
                                  &w.heap.allocator,
                                  &hooks) == -SEGSHIFT_EINVAL,
        "capacity 0");
  CHECK(segshift_tls_modules_init(&none, &w.layout, &kernel_image, 65536,
                                  &w.heap.allocator,
                                  &hooks) == -SEGSHIFT_EINVAL,
        "capacity 65536");
}

/* Modules in the surplus: none overlaps another or the kernel's image, each is
 * aligned, and gaps are used again. */
static void surplus(void) {
  enum { Count = 12 };
  struct world w;
  start(&w, Count + 1, 900);
  /* An older thread, and one that comes later. */
  void *older = new_block(&w.layout, &kernel_image);
  CHECK(!segshift_tls_attach(&w.modules, older, NULL), "older");
  uint64_t number[Count] = {0};
  int64_t low[Count], high[Count];
  unsigned seed = 1, added = 0, full = 0;
  for (unsigned round = 0; round < 2000; ++round) {
    seed = seed * 1103515245 + 12345;
    unsigned i = seed >> 16 & 0xff;
    i %= Count;
    if (number[i]) {
      CHECK(!segshift_tls_remove(&w.modules, number[i]), "round %u", round);
      number[i] = 0;
      continue;
    }
    size_t align = 1u << (seed >> 24) % 7, size = 1 + (seed >> 8) % 200;
    struct segshift_tls_image image = {.init = text,
                                       .vaddr = seed % 64,
                                       .file_size = size < 24 ? size : 24,
                                       .mem_size = size,
                                       .align = align};
    int result = segshift_tls_add_static(&w.modules, &image, &number[i]);
    if (result) {
      CHECK(result == -SEGSHIFT_ENOSPC, "%d", result);
      number[i] = 0;
      ++full;
      continue;
    }
    ++added;
    CHECK(!segshift_tls_module_tpoff(&w.modules, number[i], 0, &low[i]),
          "round %u", round);
    high[i] = low[i] + (int64_t)size;
    CHECK(low[i] >= -(int64_t)w.layout.tp_offset, "round %u", round);
    CHECK(high[i] <= segshift_tls_tpoff(&w.layout, 0), "round %u", round);
    CHECK(((uint64_t)low[i] - image.vaddr) % align == 0, "round %u", round);
    for (unsigned j = 0; j < Count; ++j)
      CHECK(j == i || !number[j] || low[j] >= high[i] || high[j] <= low[i],
            "round %u: %ld..%ld and %ld..%ld", round, (long)low[i],
            (long)high[i], (long)low[j], (long)high[j]);
    void *tps[] = {w.tp, older};
    for (unsigned t = 0; t < 2; ++t) {
      char *block = (char *)tps[t] + low[i];
      CHECK(!memcmp(block, text, image.file_size), "thread %u", t);
      for (size_t b = image.file_size; b < size; ++b)
        CHECK(!block[b], "thread %u byte %zu", t, b);
      memset(block, 0x5a, size);
    }
    CHECK(get(number[i], 3) == (char *)w.tp + low[i] + 3, "by its number");
    CHECK(!segshift_tls_fill(&w.modules, number[i]), "round %u", round);
    for (unsigned t = 0; t < 2; ++t) {
      char *block = (char *)tps[t] + low[i];
      CHECK(!memcmp(block, text, image.file_size), "thread %u, again", t);
      CHECK(size == image.file_size || !block[size - 1], "thread %u, again", t);
    }
  }
  CHECK(segshift_tls_fill(&w.modules, w.modules.table[1].number) ==
            -SEGSHIFT_EINVAL,
        "the kernel's");
  CHECK(added > 100 && full > 10, "%u added, %u times full", added, full);
  CHECK(
      !memcmp((char *)w.tp + segshift_tls_tpoff(&w.layout, 0), kernel_init, 40),
      "the kernel's image is untouched");

  void *younger = new_block(&w.layout, &kernel_image);
  CHECK(!segshift_tls_attach(&w.modules, younger, NULL), "younger");
  for (unsigned i = 0; i < Count; ++i)
    if (number[i])
      CHECK(((char *)younger)[low[i]] == text[0], "module %u", i);
  CHECK(w.modules.blocks == 0, "a static module has no dynamic block");

  struct segshift_tls_image image = {.mem_size = 8, .align = 128};
  uint64_t n;
  CHECK(segshift_tls_add_static(&w.modules, &image, &n) == -SEGSHIFT_EINVAL,
        "alignment above the layout's");
  for (unsigned i = 0; i < Count; ++i)
    if (number[i])
      CHECK(!segshift_tls_remove(&w.modules, number[i]), "module %u", i);
  image.align = 8;
  CHECK(!segshift_tls_add(&w.modules, &image, &n), "dynamic");
  int64_t tpoff;
  CHECK(segshift_tls_module_tpoff(&w.modules, n, 0, &tpoff) == -SEGSHIFT_EINVAL,
        "a dynamic module has no tpoff");
  segshift_tls_detach(&w.modules, older);
  segshift_tls_detach(&w.modules, younger);
  free_block(older, &w.layout);
  free_block(younger, &w.layout);
  end(&w);
}

/* Each block goes back to the allocator that made it. */
static void allocators(void) {
  struct world w;
  start(&w, 8, 0);
  struct counting later = COUNTING;
  later.allocator.context = &later;
  const struct segshift_tls_image image = {
      .init = text, .file_size = 24, .mem_size = 24, .align = 8};
  uint64_t a, b;
  CHECK(!segshift_tls_add(&w.modules, &image, &a), "a");
  CHECK(!segshift_tls_add(&w.modules, &image, &b), "b");
  get(a, 0);
  segshift_tls_set_allocator(&w.modules, &later.allocator);
  CHECK(later.blocks == 0, "nothing yet");
  get(b, 0);
  get(a, 0);
  CHECK(later.blocks == 1, "%ld", (long)later.blocks);

  /* A DTV in the embedder's memory is not released. */
  static char memory[1024] ALIGNED(SEGSHIFT_DTV_ALIGN);
  CHECK(sizeof(memory) >= segshift_dtv_size(8), "%zu", segshift_dtv_size(8));
  void *tp = new_block(&w.layout, &kernel_image);
  CHECK(segshift_tls_attach(&w.modules, tp, memory + 8) == -SEGSHIFT_EINVAL,
        "not aligned");
  CHECK(!segshift_tls_attach(&w.modules, tp, memory), "in memory");
  CHECK(segshift_tls_attach(&w.modules, tp, memory) == -SEGSHIFT_EINVAL,
        "twice");
  set_gs(tp);
  CHECK(get(a, 0) != NULL && later.blocks == 2, "%ld", (long)later.blocks);
  set_gs(w.tp);
  segshift_tls_detach(&w.modules, tp);
  CHECK(later.blocks == 1, "%ld", (long)later.blocks);

  later.fail_after = 1;
  CHECK(segshift_tls_attach(&w.modules, tp, NULL) == -SEGSHIFT_ENOMEM, "DTV");
  CHECK(!segshift_tls_attach(&w.modules, tp, NULL), "then");
  CHECK(later.blocks == 2, "the DTV");
  set_gs(tp);
  later.fail_after = 1;
  if (!setjmp(failed)) {
    get(a, 0);
    CHECK(0, "not reached");
  }
  CHECK(fail_module == a && strstr(fail_what, "no memory"), "%s", fail_what);
  set_gs(w.tp);
  segshift_tls_detach(&w.modules, tp);
  free_block(tp, &w.layout);
  segshift_tls_remove(&w.modules, b);
  CHECK(later.blocks == 0 && later.bytes == 0, "%ld", (long)later.blocks);
  end(&w);
}

/* An interrupt in the middle of the first touch that touches the same module.
 */
static uint64_t interrupt_touches;
static char *interrupt_saw;
static void *interrupted_allocate(void *context, size_t size, size_t align) {
  if (interrupt_touches) {
    uint64_t module = interrupt_touches;
    interrupt_touches = 0;
    interrupt_saw = get(module, 0);
    *interrupt_saw = 'I';
  }
  return counted_allocate(context, size, align);
}

static void interrupted(void) {
  struct world w;
  start(&w, 8, 0);
  w.heap.allocator.allocate = interrupted_allocate;
  const struct segshift_tls_image image = {
      .init = text, .file_size = 24, .mem_size = 24, .align = 8};
  uint64_t a;
  CHECK(!segshift_tls_add(&w.modules, &image, &a), "a");
  long before = w.heap.blocks;
  interrupt_touches = a;
  char *block = get(a, 0);
  CHECK(block == interrupt_saw && *block == 'I', "the first block stays");
  CHECK(w.heap.blocks == before + 1, "and the other one goes back");
  end(&w);
}

static void forked(void) {
  struct world w;
  start(&w, 8, 64);
  const struct segshift_tls_image image = {
      .init = text, .file_size = 24, .mem_size = 24, .align = 8};
  uint64_t a;
  CHECK(!segshift_tls_add(&w.modules, &image, &a), "a");
  void *tps[3];
  for (int i = 0; i < 3; ++i) {
    tps[i] = new_block(&w.layout, &kernel_image);
    CHECK(!segshift_tls_attach(&w.modules, tps[i], NULL), "%d", i);
    set_gs(tps[i]);
    get(a, 0);
  }
  CHECK(w.modules.blocks == 3, "%zu", w.modules.blocks);
  segshift_tls_forked(&w.modules, tps[1]);
  CHECK(w.modules.blocks == 1, "%zu", w.modules.blocks);
  CHECK(w.modules.threads->tp == tps[1] && !w.modules.threads->next, "one");
  segshift_tls_detach(&w.modules, tps[1]);
  for (int i = 0; i < 3; ++i)
    free_block(tps[i], &w.layout);
  end(&w);
}

/* --- Descriptors -----------------------------------------------------------
 */

struct registers {
  uint64_t general[16];
  unsigned char vector[16][32];
};
void call_descriptor(struct segshift_tlsdesc *, struct registers *, int avx);

static void *vector_allocate(void *context, size_t size, size_t align) {
  void *memory = counted_allocate(context, size, align);
  __asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
                   "pcmpeqd %%xmm\\n, %%xmm\\n\n.endr\nfninit" ::
                       : "memory");
  if (__builtin_cpu_supports("avx"))
    __asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
                     "vxorps %%ymm\\n, %%ymm\\n, %%ymm\\n\n.endr" ::
                         : "memory");
  return memory;
}

/* Returns the address that the descriptor gives. */
static char *call_and_compare(struct segshift_tlsdesc *descriptor,
                              bool with_vectors, const char *what) {
  int avx = __builtin_cpu_supports("avx") != 0;
  struct registers before, after;
  unsigned char *bytes = (unsigned char *)&before;
  for (size_t i = 0; i < sizeof(before); ++i)
    bytes[i] = (unsigned char)(i * 37 + 5);
  after = before;
  call_descriptor(descriptor, &after, avx);
  double pi;
  memcpy(&pi, &after.general[4], 8);
  CHECK(pi > 3.141592653 && pi < 3.141592654, "%s: x87 %f", what, pi);
  for (int i = 1; i < 16; ++i)
    CHECK(i == 4 || before.general[i] == after.general[i], "%s: register %d",
          what, i);
  for (int i = 0; with_vectors && i < 16; ++i)
    CHECK(!memcmp(before.vector[i], after.vector[i], avx ? 32 : 16),
          "%s: vector register %d", what, i);
  return (char *)segshift_tp() + (int64_t)after.general[0];
}

static void descriptors(void) {
  struct world w;
  start(&w, 8, 256);
  const struct segshift_tls_image image = {
      .init = text, .file_size = 24, .mem_size = 24, .align = 8};
  uint64_t a, b, s;
  int64_t tpoff;
  CHECK(!segshift_tls_add(&w.modules, &image, &a), "a");
  CHECK(!segshift_tls_add(&w.modules, &image, &b), "b");
  CHECK(!segshift_tls_add_static(&w.modules, &image, &s), "s");
  CHECK(!segshift_tls_module_tpoff(&w.modules, s, 5, &tpoff), "s");

  struct segshift_tlsdesc descriptor;
  struct segshift_tls_index index;
  CHECK(!segshift_tlsdesc_set(&w.modules, &descriptor, &index, s, 5,
                              __segshift_tlsdesc_dynamic),
        "static");
  CHECK(descriptor.entry == __segshift_tlsdesc_static, "static");
  CHECK(call_and_compare(&descriptor, true, "static") == (char *)w.tp + tpoff,
        "s");

  static char there;
  descriptor.entry = __segshift_tlsdesc_undefined;
  descriptor.argument = (uintptr_t)&there;
  CHECK(call_and_compare(&descriptor, true, "undefined") == &there,
        "undefined");

  CHECK(!segshift_tlsdesc_set(&w.modules, &descriptor, &index, a, 5,
                              __segshift_tlsdesc_dynamic),
        "dynamic");
  CHECK(descriptor.entry == __segshift_tlsdesc_dynamic, "dynamic");
  /* Made by malloc, which may use vector registers: the others are kept. */
  char *block = call_and_compare(&descriptor, false, "dynamic, made");
  CHECK(block == get(a, 5) && !strcmp(block, text + 5), "dynamic, made");
  CHECK(call_and_compare(&descriptor, true, "dynamic") == block, "dynamic");

  /* Each thread's first call makes the block, the second one finds it. */
  w.heap.allocator.allocate = vector_allocate;
  CHECK(!segshift_tlsdesc_set(&w.modules, &descriptor, &index, b, 7,
                              __segshift_tlsdesc_dynamic_xsave),
        "xsave");
  long before = w.heap.blocks;
  void *tp = new_block(&w.layout, &kernel_image);
  CHECK(!segshift_tls_attach(&w.modules, tp, NULL), "another thread");
  for (int i = 0; i < 2; ++i) {
    set_gs(i ? tp : w.tp);
    char *made = call_and_compare(&descriptor, true, "made");
    CHECK(made == get(b, 7) && !strcmp(made, text + 7), "made");
    CHECK(call_and_compare(&descriptor, true, "found") == made, "found");
  }
  CHECK(w.heap.blocks == before + 3, "a DTV and two blocks");
  CHECK(segshift_tlsdesc_set(&w.modules, &descriptor, &index, 99, 0,
                             __segshift_tlsdesc_dynamic) == -SEGSHIFT_EINVAL,
        "no such module");
  set_gs(w.tp);
  segshift_tls_detach(&w.modules, tp);
  free_block(tp, &w.layout);
  end(&w);
}

/* --- Layouts ---------------------------------------------------------------
 */

static void layouts(void) {
  struct segshift_tls_layout layout;
  struct segshift_tls_image image = {
      .vaddr = 0x3d8, .mem_size = 40, .align = 8};
  CHECK(!segshift_tls_layout_at(&layout, &image, 64, 5264), "at -5264");
  CHECK(segshift_tls_tpoff(&layout, 0) == -5264, "at -5264");
  CHECK(!segshift_tls_layout_at(&layout, &image, 64, 256), "at -256");
  CHECK(segshift_tls_tpoff(&layout, 0) == -256, "at -256");
  CHECK(segshift_tls_layout_at(&layout, &image, 64, 32) == -SEGSHIFT_EINVAL,
        "less than the image");
  CHECK(segshift_tls_layout_at(&layout, &image, 64, 260) == -SEGSHIFT_EINVAL,
        "address modulo alignment");
  CHECK(segshift_tls_layout_at(&layout, &image, 64, 1ul << 40) ==
            -SEGSHIFT_EINVAL,
        "out of reach");

  for (size_t align = 1; align <= 4096; align *= 4)
    for (size_t size = 0; size < 9000; size += 777) {
      struct segshift_tls_app_layout app;
      CHECK(!segshift_tls_layout(&layout, &image, 64), "kernel");
      CHECK(!segshift_tls_layout_app(&app, &layout, size, align, 0x940), "app");
      CHECK(app.align >= align && app.align >= layout.align, "align");
      CHECK(app.app_tp_offset % align == 0, "the program's tp is aligned");
      CHECK(app.app_tp_offset - size >= layout.size, "apart");
      CHECK(app.app_tp_offset + 0x940 == app.size, "size");
      CHECK(layout.tp_offset + app.distance == app.app_tp_offset, "distance");
    }
  struct segshift_tls_app_layout app;
  CHECK(segshift_tls_layout_app(&app, &layout, 8, 3, 8) == -SEGSHIFT_EINVAL,
        "align 3");
  CHECK(segshift_tls_layout_app(&app, &layout, 1ul << 31, 8, 8) ==
            -SEGSHIFT_EINVAL,
        "out of reach");
}

int main(void) {
  layouts();
  shapes();
  numbers();
  surplus();
  allocators();
  interrupted();
  forked();
  descriptors();
  printf("%lu checks, %lu failures\n", (unsigned long)checks,
         (unsigned long)failures);
  return failures != 0;
}
