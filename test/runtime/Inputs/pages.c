/* The pages of a thread's TLS, all of them and no others: closed by a
 * protection key or by mprotect, and every page around tried.
 *
 *   pages mprotect|pkey
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "segshift/pages.h"
#include "dtv.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

enum { Page = 4096, Most = 64 };

static int key = -1; /* -1: by mprotect */
static sigjmp_buf fault;
static int fault_code;

static void on_fault(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  fault_code = info->si_code;
  siglongjmp(fault, 1);
}

/* Whether a store to the byte faults. */
static bool is_closed(volatile char *byte) {
  if (sigsetjmp(fault, 1))
    return true;
  *byte = *byte;
  return false;
}

static int close_page(void *context, uintptr_t page) {
  ++*(int *)context;
  if (key >= 0)
    return pkey_mprotect((void *)page, Page, PROT_READ | PROT_WRITE, key);
  return mprotect((void *)page, Page, PROT_NONE);
}

static int open_page(void *context, uintptr_t page) {
  (void)context;
  if (key >= 0)
    return pkey_mprotect((void *)page, Page, PROT_READ | PROT_WRITE, 0);
  return mprotect((void *)page, Page, PROT_READ | PROT_WRITE);
}

static int fail_at_third(void *context, uintptr_t page) {
  (void)page;
  return ++*(int *)context == 3 ? -77 : 0;
}

static void fail(void *context, const char *what, uint64_t module) {
  (void)context;
  printf("%s %lx\n", what, (unsigned long)module);
  abort();
}

/* Pages in two kinds of mapping, so that a span lies over several of them. */
static char *new_pages(void) {
  char *area = mmap(NULL, Most * Page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < Most; i += 2)
    mmap(area + i * Page, Page, PROT_READ | PROT_WRITE,
         MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return area;
}

/* A block at `offset` in the fourth page, the DTV in the block's slots, in the
 * page right behind the block, or far away. */
static void one_shape(size_t tls_size, size_t slots, size_t offset,
                      int dtv_place) {
  char shape[80];
  snprintf(shape, sizeof(shape), "tls %zu slots %zu offset %zu dtv %d",
           tls_size, slots, offset, dtv_place);
  char *area = new_pages(), *far = new_pages();
  const struct segshift_tls_image image = {.mem_size = tls_size, .align = 64};
  struct segshift_tls_layout layout;
  size_t dtv_size = segshift_dtv_size(3);
  CHECK(!segshift_tls_layout(&layout, &image,
                             slots + (dtv_place == 0 ? dtv_size : 0)),
        "%s", shape);
  char *block = area + 4 * Page + offset;
  char *tp = segshift_tls_init(block, &layout, &image, 1, 2);

  static struct counting heap = COUNTING;
  heap.allocator.context = &heap;
  static const struct segshift_tls_hooks hooks = {spin_lock, spin_unlock, fail,
                                                  NULL};
  struct segshift_tls_modules modules;
  CHECK(!segshift_tls_modules_init(&modules, &layout, &image, 3,
                                   &heap.allocator, &hooks),
        "%s", shape);
  char *end = block + layout.size;
  char *dtv = dtv_place == 0   ? tp + SEGSHIFT_TCB_KERNEL + slots
              : dtv_place == 1 ? area + ((end - area + Page - 1) & -Page)
                               : far + 9 * Page - 32; /* over two pages */
  if (dtv_place < 3)
    CHECK(!segshift_tls_attach(&modules, tp, dtv), "%s", shape);

  struct segshift_tls_pages pages;
  segshift_tls_pages(&pages, tp, &layout, Page);
  CHECK(pages.block == (uintptr_t)(area + 4 * Page), "%s", shape);
  CHECK(pages.block_end - (uintptr_t)end < Page, "%s", shape);
  if (dtv_place == 3)
    CHECK(!pages.dtv && !pages.dtv_end, "%s", shape);

  int tagged = 0;
  CHECK(!segshift_tls_pages_tag(&pages, Page, close_page, &tagged), "%s",
        shape);
  int closed = 0;
  for (int i = 0; i < Most; ++i) {
    /* A page is closed exactly if a byte of the block or the DTV is in it. */
    char *areas[] = {area + i * Page, far + i * Page};
    for (int a = 0; a < 2; ++a) {
      char *page = areas[a];
      bool is_block = page + Page > block && page < end;
      bool is_dtv = dtv_place < 3 && page + Page > dtv &&
                    page < dtv + segshift_dtv_size(3);
      for (int edge = 0; edge < 2; ++edge)
        CHECK(is_closed(page + edge * (Page - 1)) == (is_block || is_dtv),
              "page %d of area %d: %s", i, a, shape);
      closed += is_block || is_dtv;
    }
  }
  CHECK(tagged == closed, "%d calls for %d pages: %s", tagged, closed, shape);
  if (key >= 0)
    CHECK(fault_code == SEGV_PKUERR, "code %d", fault_code);
  if (key >= 0) {
    pkey_set(key, 0);
    CHECK(!is_closed(tp), "the key opened");
    pkey_set(key, PKEY_DISABLE_ACCESS);
  }
  CHECK(!segshift_tls_pages_tag(&pages, Page, open_page, NULL), "%s", shape);
  CHECK(!is_closed(tp) && !is_closed(end - 1), "%s", shape);

  int calls = 0;
  if (tagged >= 3) {
    CHECK(segshift_tls_pages_tag(&pages, Page, fail_at_third, &calls) == -77,
          "%s", shape);
    CHECK(calls == 3, "%d", calls);
  }
  segshift_tls_detach(&modules, tp);
  segshift_tls_modules_end(&modules);
  munmap(area, Most * Page);
  munmap(far, Most * Page);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "pkey")) {
    key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    if (key < 0) {
      puts("no keys");
      return 0;
    }
  }
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  const size_t sizes[] = {0, 64, 4000, 4096, 9000, 60000};
  const size_t slots[] = {0, 64, 3968, 5000};
  const size_t offsets[] = {0, 64, 2048, 4032};
  for (int a = 0; a < 6; ++a)
    for (int b = 0; b < 4; ++b)
      for (int c = 0; c < 4; ++c)
        for (int place = 0; place < 4; ++place)
          one_shape(sizes[a], (slots[b] + 15) & ~15ul, offsets[c], place);
  printf("%lu checks, %lu failures\n", (unsigned long)checks,
         (unsigned long)failures);
  return failures != 0;
}
