/* Unit tests of the runtime's layout and initialisation, and of arch_prctl.
 * Every block is allocated with exactly the size that the layout gives, so that
 * AddressSanitizer sees each byte written outside of it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/app_fs.h"
#include "segshift/tls.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static unsigned long checks, failures;

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

static unsigned char pattern(size_t i) { return (unsigned char)(i * 7 + 1); }

/* How far the image's start is below tp, found by looking: from tp - mem_size
 * down to the first address that is congruent to vaddr. */
static size_t distance_by_search(const struct segshift_tls_image *image) {
  const uint64_t tp = (uint64_t)1 << 40;
  uint64_t start = tp - image->mem_size;
  while (start % image->align != image->vaddr % image->align)
    --start;
  return tp - start;
}

static void check_shape(size_t align, size_t skew, size_t data, size_t bss,
                        size_t slots) {
#define SHAPE                                                                  \
  "align %zu skew %zu data %zu bss %zu slots %zu", align, skew, data, bss, slots
  unsigned char *init = malloc(data ? data : 1);
  for (size_t i = 0; i < data; ++i)
    init[i] = pattern(i);
  struct segshift_tls_image image = {.init = data ? init : NULL,
                                     .vaddr = 0x400000 + skew,
                                     .file_size = data,
                                     .mem_size = data + bss,
                                     .align = align};
  struct segshift_tls_layout layout;
  CHECK(segshift_tls_layout(&layout, &image, slots) == 0, SHAPE);
  CHECK(layout.align >= align && layout.align >= 64, SHAPE);
  CHECK(layout.tp_offset % layout.align == 0, SHAPE);
  CHECK(layout.tp_offset - layout.image_offset == distance_by_search(&image),
        SHAPE);
  CHECK(layout.image_offset < layout.align, SHAPE);
  CHECK(layout.size == layout.tp_offset + 0x80 + slots, SHAPE);

  void *memory;
  if (posix_memalign(&memory, layout.align, layout.size))
    abort();
  memset(memory, 0xee, layout.size);
  unsigned char *tp = segshift_tls_init(memory, &layout, &image,
                                        0xc0ffee1234567800, 0x9a2d9a2d);
  CHECK(tp == (unsigned char *)memory + layout.tp_offset, SHAPE);

  unsigned long bad = 0;
  for (size_t i = 0; i < image.mem_size; ++i)
    bad += tp[segshift_tls_tpoff(&layout, i)] != (i < data ? pattern(i) : 0);
  for (size_t i = 0; i < layout.image_offset; ++i)
    bad += ((unsigned char *)memory)[i] != 0;
  CHECK(!bad, SHAPE);

  uint64_t words[16] = {0};
  words[0] = words[2] = (uint64_t)(uintptr_t)tp;
  words[5] = 0xc0ffee1234567800;
  words[6] = 0x9a2d9a2d;
  CHECK(!memcmp(tp, words, sizeof(words)), SHAPE);
  for (size_t i = 0; i < slots; ++i)
    bad += tp[0x80 + i] != 0;
  CHECK(!bad, SHAPE);

  tp[0x80 + slots - 1] = 0x55;
  CHECK(segshift_tls_release(tp, &layout) == memory, SHAPE);
  for (size_t i = 0; i < 0x80 + slots; ++i)
    bad += tp[i] != 0;
  CHECK(!bad, SHAPE);
  free(memory);
  free(init);
#undef SHAPE
}

static void shapes(void) {
  static const size_t aligns[] = {1, 2, 8, 16, 32, 64, 128, 4096, 65536};
  static const size_t sizes[] = {0, 1, 7, 8, 63, 64, 65, 4095, 4097, 65536};
  const size_t n = sizeof(sizes) / sizeof(*sizes);
  for (size_t a = 0; a < sizeof(aligns) / sizeof(*aligns); ++a) {
    size_t align = aligns[a];
    const size_t skews[] = {0, 1, 8, 24, align / 2, align - 1};
    for (size_t s = 0; s < 6; ++s) {
      if (skews[s] >= align || (s && !skews[s]))
        continue;
      for (size_t d = 0; d < n; ++d)
        check_shape(align, skews[s], sizes[d], sizes[(d * 3 + a + s) % n],
                    8 + 56 * (d % 2));
    }
  }
}

static void malformed_images(void) {
  const struct {
    const char *what;
    struct segshift_tls_image image;
    size_t slots;
  } bad[] = {
      {"file_size > mem_size", {.file_size = 2, .mem_size = 1, .align = 1}, 0},
      {"align 3", {.mem_size = 1, .align = 3}, 0},
      {"align 2^63 + 1", {.mem_size = 1, .align = ((size_t)1 << 63) + 1}, 0},
      {"align 2^63", {.mem_size = 1, .align = (size_t)1 << 63}, 0},
      {"mem_size 2^31 + 1", {.mem_size = (1ul << 31) + 1, .align = 1}, 0},
      {"mem_size -1", {.mem_size = -1ul, .align = 64}, 0},
      {"padding beyond 2^31",
       {.vaddr = 4096, .mem_size = 1ul << 31, .align = 1ul << 20},
       0},
      {"slots -1", {.mem_size = 1, .align = 1}, -1ul},
  };
  struct segshift_tls_layout layout;
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); ++i)
    CHECK(segshift_tls_layout(&layout, &bad[i].image, bad[i].slots) ==
              -SEGSHIFT_EINVAL,
          "%s", bad[i].what);

  struct segshift_tls_image largest = {.mem_size = 1ul << 31, .align = 64};
  CHECK(segshift_tls_layout(&layout, &largest, 0) == 0, "mem_size 2^31");
  struct segshift_tls_image no_align = {.mem_size = 5};
  CHECK(segshift_tls_layout(&layout, &no_align, 0) == 0, "align 0");
  CHECK(layout.align == 64 && layout.tp_offset == 64, "align 0");
}

static void misaligned_memory(void) {
  struct segshift_tls_image image = {.mem_size = 5, .align = 4096};
  struct segshift_tls_layout layout;
  CHECK(segshift_tls_layout(&layout, &image, 0) == 0, "layout");
  char *memory = aligned_alloc(4096, 4 * 4096);
  CHECK(!segshift_tls_init(memory + 64, &layout, &image, 0, 0), "64");
  CHECK(!segshift_tls_init(NULL, &layout, &image, 0, 0), "null");
  CHECK(segshift_tls_init(memory + 4096, &layout, &image, 0, 0), "4096");
  free(memory);
}

static void symbols(void) {
  static const char data[100] __attribute__((aligned(64)));
  struct segshift_tls_image image;
  CHECK(segshift_tls_image_from_symbols(&image, data, data + 40, data + 90,
                                        64) == 0,
        "in order");
  CHECK(image.init == data && image.vaddr == (uintptr_t)data &&
            image.file_size == 40 && image.mem_size == 90 && image.align == 64,
        "in order");
  CHECK(segshift_tls_image_from_symbols(&image, data, data, data, 0) == 0,
        "empty");
  CHECK(image.mem_size == 0, "empty");
  CHECK(segshift_tls_image_from_symbols(&image, data + 1, data, data + 2, 1) ==
            -SEGSHIFT_EINVAL,
        "tdata_end before tdata");
  CHECK(segshift_tls_image_from_symbols(&image, data, data + 2, data + 1, 1) ==
            -SEGSHIFT_EINVAL,
        "tls_end before tdata_end");
  CHECK(segshift_tls_image_from_symbols(&image, data + 2, data + 2, data, 1) ==
            -SEGSHIFT_EINVAL,
        "tls_end before tdata");
  CHECK(segshift_tls_image_from_symbols(&image, data, data, data, 48) ==
            -SEGSHIFT_EINVAL,
        "align 48");
}

static void program_headers(void) {
  /* Larger entries than Elf64_Phdr, at an odd address. */
  enum { Entry = sizeof(Elf64_Phdr) + 8 };
  char *raw = malloc(1 + 3 * Entry), *phdrs = raw + 1;
  Elf64_Phdr load = {.p_type = PT_LOAD, .p_memsz = 1};
  Elf64_Phdr tls = {.p_type = PT_TLS,
                    .p_vaddr = 0x1018,
                    .p_filesz = 5,
                    .p_memsz = 9,
                    .p_align = 64};
  memset(raw, 0xee, 1 + 3 * Entry);
  memcpy(phdrs, &load, sizeof(load));
  memcpy(phdrs + Entry, &tls, sizeof(tls));
  memcpy(phdrs + 2 * Entry, &load, sizeof(load));

  struct segshift_tls_image image;
  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 3, Entry, 0x50000) == 0,
        "one PT_TLS");
  CHECK((uintptr_t)image.init == 0x51018 && image.vaddr == 0x1018 &&
            image.file_size == 5 && image.mem_size == 9 && image.align == 64,
        "one PT_TLS");

  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 1, Entry, 0) == 0, "none");
  CHECK(!image.mem_size && !image.init, "none");
  struct segshift_tls_layout layout;
  CHECK(segshift_tls_layout(&layout, &image, 0) == 0 && layout.size == 0x80,
        "none");
  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 3, 55, 0) ==
            -SEGSHIFT_EINVAL,
        "e_phentsize 55");

  memcpy(phdrs, &tls, sizeof(tls));
  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 3, Entry, 0) ==
            -SEGSHIFT_EINVAL,
        "two PT_TLS");
  tls.p_filesz = 10;
  memcpy(phdrs, &tls, sizeof(tls));
  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 1, Entry, 0) ==
            -SEGSHIFT_EINVAL,
        "p_filesz > p_memsz");
  tls.p_filesz = 5;
  tls.p_align = 48;
  memcpy(phdrs, &tls, sizeof(tls));
  CHECK(segshift_tls_image_from_phdrs(&image, phdrs, 1, Entry, 0) ==
            -SEGSHIFT_EINVAL,
        "p_align 48");
  free(raw);
}

static uint64_t put_address, put_value;
static int put_u64(uint64_t address, uint64_t value) {
  if (address == 0xbad)
    return -SEGSHIFT_EFAULT;
  put_address = address;
  put_value = value;
  return 0;
}

static void arch_prctl_errors(void) {
  const struct segshift_app app = {SEGSHIFT_APP_ADDRESS_LIMIT, put_u64};
  const struct segshift_app app57 = {0xfffffffffff000, put_u64};
  /* What Linux 6.18 answers to the same values. */
  const uint64_t bad[] = {0x7ffffffff000,
                          0x7ffffffff008,
                          0x800000000000,
                          0xffff7fffffffffff,
                          0xffff800000000000,
                          0xfffffffffffff000,
                          -1ul};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); ++i)
    CHECK(segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_SET_FS, bad[i]) ==
              -SEGSHIFT_EPERM,
          "%#lx", (unsigned long)bad[i]);
  CHECK(segshift_app_fs_valid(0x7fffffffefff, app.address_limit), "last byte");
  CHECK(segshift_app_fs_valid(0, app.address_limit), "0");
  CHECK(segshift_app_fs_valid(0x800000000000, app57.address_limit), "5 levels");
  CHECK(segshift_app_arch_prctl(&app57, SEGSHIFT_ARCH_SET_FS,
                                0xfffffffffff000) == -SEGSHIFT_EPERM,
        "5 levels");

  const int einval[] = {
      SEGSHIFT_ARCH_SET_GS, SEGSHIFT_ARCH_GET_GS, 0, 0x1005, 0x3001, -1};
  for (size_t i = 0; i < sizeof(einval) / sizeof(*einval); ++i)
    CHECK(segshift_app_arch_prctl(&app, einval[i], 0x1000) == -SEGSHIFT_EINVAL,
          "%#x", einval[i]);

  if (!(getauxval(AT_HWCAP2) & 2)) /* HWCAP2_FSGSBASE */
    return;
  segshift_fsgsbase = true;
  uint64_t fs_base;
  __asm__("movq %%fs:0, %0" : "=r"(fs_base));
  CHECK(segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_GET_FS, 0x1230) == 0,
        "GET");
  CHECK(put_address == 0x1230 && put_value == fs_base, "GET");
  CHECK(segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_GET_FS, 0xbad) ==
            -SEGSHIFT_EFAULT,
        "GET to a bad address");
}

int main(void) {
  shapes();
  malformed_images();
  misaligned_memory();
  symbols();
  program_headers();
  arch_prctl_errors();
  printf("%lu checks, %lu failures\n", checks, failures);
  return failures != 0;
}
