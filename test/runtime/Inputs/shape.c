/* A program whose PT_TLS has the shape that the macros below ask for. It checks
 * the runtime's layout against what the linker and the C library made of it:
 *  - the linker: each variable's place in the image (its symbol's value) is at
 *    the tpoff that the linker wrote into local-exec code;
 *  - the C library: the variables hold their initial values through fs;
 *  - the runtime: in a block that it makes, the same code under gs finds them.
 * Prints the PT_TLS it ran with, then "ok", or what is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "segshift/tls.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef DATA_SIZE
__thread unsigned char v_data[DATA_SIZE]
    __attribute__((aligned(DATA_ALIGN))) = {[0 ... DATA_SIZE - 1] = 0xd0};
#endif
#ifdef BSS_SIZE
__thread unsigned char v_bss[BSS_SIZE] __attribute__((aligned(BSS_ALIGN)));
#endif

static void fail(const char *what, long found, long expected) {
  printf("FAIL: %s: %ld (%#lx), expected %ld (%#lx)\n", what, found, found,
         expected, expected);
  exit(1);
}

/* The value of a TLS symbol in this program's own file: its offset in the TLS
 * image, by the gABI. */
static long symbol_value(const char *name) {
  static char *file;
  if (!file) {
    FILE *f = fopen("/proc/self/exe", "rb");
    if (!f || fseek(f, 0, SEEK_END))
      fail("open /proc/self/exe", -1, 0);
    long size = ftell(f);
    rewind(f);
    file = malloc(size);
    if (!file || fread(file, 1, size, f) != (size_t)size)
      fail("read /proc/self/exe", -1, size);
    fclose(f);
  }
  const Elf64_Ehdr *ehdr = (void *)file;
  const Elf64_Shdr *sections = (void *)(file + ehdr->e_shoff);
  for (int i = 0; i < ehdr->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB)
      continue;
    const char *names = file + sections[sections[i].sh_link].sh_offset;
    const Elf64_Sym *symbol = (void *)(file + sections[i].sh_offset);
    for (size_t n = sections[i].sh_size / sizeof(*symbol); n; --n, ++symbol)
      if (ELF64_ST_TYPE(symbol->st_info) == STT_TLS &&
          !strcmp(names + symbol->st_name, name))
        return symbol->st_value;
  }
  fail("symbol not in the file", -1, 0);
  return 0;
}

static void set_gs(void *tp) {
  if (getauxval(AT_HWCAP2) & 2) { /* HWCAP2_FSGSBASE */
    segshift_fsgsbase = true;
    segshift_set_tp(tp);
    if (segshift_read_gs_base() != (uint64_t)(uintptr_t)tp)
      fail("GS base", segshift_read_gs_base(), (long)tp);
  } else if (syscall(SYS_arch_prctl, SEGSHIFT_ARCH_SET_GS, tp)) {
    fail("arch_prctl(ARCH_SET_GS)", -1, 0);
  }
}

/* v's tpoff as the linker wrote it, and its last byte through a segment. */
#define TPOFF(v)                                                               \
  ({                                                                           \
    long off;                                                                  \
    __asm__("leaq " #v "@tpoff, %0" : "=r"(off));                              \
    off;                                                                       \
  })
#define BYTE(segment, v, index)                                                \
  ({                                                                           \
    unsigned char byte;                                                        \
    __asm__ volatile("movb %%" segment ":" #v "@tpoff(%1), %0"                 \
                     : "=q"(byte)                                              \
                     : "r"((long)(index)));                                    \
    byte;                                                                      \
  })

#define CHECK(v, size, alignment, initial)                                     \
  do {                                                                         \
    long value = symbol_value(#v);                                             \
    if (TPOFF(v) != segshift_tls_tpoff(&layout, value))                        \
      fail(#v ": tpoff", segshift_tls_tpoff(&layout, value), TPOFF(v));        \
    if ((char *)v != fs_tp + TPOFF(v))                                         \
      fail(#v ": address", (char *)v - fs_tp, TPOFF(v));                       \
    if ((uintptr_t)(tp + TPOFF(v)) % (alignment))                              \
      fail(#v ": alignment", (long)(tp + TPOFF(v)), alignment);                \
    for (long i = 0; i < (size); ++i) {                                        \
      if (BYTE("fs", v, i) != (initial))                                       \
        fail(#v ": byte by the C library", BYTE("fs", v, i), initial);         \
      if (BYTE("gs", v, i) != (initial))                                       \
        fail(#v ": byte by the runtime", BYTE("gs", v, i), initial);           \
    }                                                                          \
    v[(size) - 1] = 0x77;                                                      \
    if (BYTE("gs", v, (size) - 1) != (initial))                                \
      fail(#v ": gs sees a write through fs", BYTE("gs", v, 0), initial);      \
  } while (0)

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

int main(void) {
  const Elf64_Phdr *phdrs = (void *)getauxval(AT_PHDR);
  size_t phnum = getauxval(AT_PHNUM);
  const Elf64_Ehdr *ehdr = (void *)__ehdr_start;
  uint64_t bias = ehdr->e_type == ET_DYN ? (uint64_t)(uintptr_t)ehdr : 0;
  struct segshift_tls_image image;
  if (segshift_tls_image_from_phdrs(&image, phdrs, phnum, getauxval(AT_PHENT),
                                    bias))
    fail("segshift_tls_image_from_phdrs", -1, 0);
  printf("PT_TLS filesz %zu memsz %zu align %zu vaddr%%align %zu\n",
         image.file_size, image.mem_size, image.align,
         image.align ? (size_t)(image.vaddr % image.align) : 0);

  struct segshift_tls_layout layout;
  const size_t slots = 64;
  if (segshift_tls_layout(&layout, &image, slots))
    fail("segshift_tls_layout", -1, 0);
  char *memory = aligned_alloc(layout.align, (layout.size + layout.align - 1) &
                                                 ~(layout.align - 1));
  memset(memory, 0xee, layout.size);
  char *tp = segshift_tls_init(memory, &layout, &image, 0xca00, 0x9a00);
  if (!tp)
    fail("segshift_tls_init", 0, 1);

  /* Unrelated bases: gs is the block's, fs stays the C library's. */
  char *fs_tp;
  __asm__("movq %%fs:0, %0" : "=r"(fs_tp));
  set_gs(tp);
  if (segshift_tp() != tp)
    fail("thread pointer", (long)segshift_tp(), (long)tp);

#ifdef DATA_SIZE
  CHECK(v_data, DATA_SIZE, DATA_ALIGN, 0xd0);
#endif
#ifdef BSS_SIZE
  CHECK(v_bss, BSS_SIZE, BSS_ALIGN, 0);
#endif
  uint64_t canary;
  __asm__ volatile("movq %%gs:0x28, %0" : "=r"(canary));
  if (canary != 0xca00)
    fail("canary", canary, 0xca00);
  puts("ok");
  return 0;
}
