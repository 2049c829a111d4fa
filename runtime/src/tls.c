/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/tls.h"

#include "bytes.h"

#define PT_TLS 7

/* An ELF64 program header (gABI, chapter 5). */
struct phdr {
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static bool is_power_of_two(size_t n) { return n && !(n & (n - 1)); }

static int check(const struct segshift_tls_image *image) {
  if (image->file_size > image->mem_size ||
      (image->align && !is_power_of_two(image->align)))
    return -SEGSHIFT_EINVAL;
  return 0;
}

int segshift_tls_image_from_symbols(struct segshift_tls_image *image,
                                    const void *tdata, const void *tdata_end,
                                    const void *tls_end, size_t align) {
  uintptr_t start = (uintptr_t)tdata;
  if ((uintptr_t)tdata_end < start || (uintptr_t)tls_end < start)
    return -SEGSHIFT_EINVAL;
  image->init = tdata;
  image->vaddr = start;
  image->file_size = (uintptr_t)tdata_end - start;
  image->mem_size = (uintptr_t)tls_end - start;
  image->align = align;
  return check(image);
}

int segshift_tls_image_from_phdrs(struct segshift_tls_image *image,
                                  const void *phdrs, size_t phnum,
                                  size_t phentsize, uint64_t load_bias) {
  zero(image, sizeof(*image));
  if (phentsize < sizeof(struct phdr))
    return -SEGSHIFT_EINVAL;

  bool found = false;
  for (size_t i = 0; i < phnum; ++i) {
    struct phdr phdr;
    copy(&phdr, (const char *)phdrs + i * phentsize, sizeof(phdr));
    if (phdr.type != PT_TLS)
      continue;
    if (found)
      return -SEGSHIFT_EINVAL;
    found = true;
    image->init = (const void *)(uintptr_t)(phdr.vaddr + load_bias);
    image->vaddr = phdr.vaddr;
    image->file_size = phdr.filesz;
    image->mem_size = phdr.memsz;
    image->align = phdr.align;
  }
  return check(image);
}

/* Linkers and libc agree on one rule: tp is a multiple of p_align, and the
 * image starts at the greatest address at or below tp - p_memsz that is
 * congruent to p_vaddr modulo p_align. (lld: getTlsTpOffset in
 * ELF/InputSection.cpp; ld.bfd: elf_x86_64_tpoff, with the end of the TLS
 * sections aligned; glibc: _dl_determine_tlsoffset; musl: __init_tls.c.) */
static size_t distance_of(const struct segshift_tls_image *image) {
  size_t align = image->align ? image->align : 1;
  return image->mem_size + ((0 - image->vaddr - image->mem_size) & (align - 1));
}

/* No displacement of 32 bits reaches further. */
static const size_t reach = (size_t)1 << 31;

static int place(struct segshift_tls_layout *layout,
                 const struct segshift_tls_image *image, size_t distance,
                 size_t kernel_size, size_t surplus) {
  size_t align = image->align ? image->align : 1;
  if (align > reach || distance > reach || kernel_size > reach ||
      surplus > reach - distance)
    return -SEGSHIFT_EINVAL;

  layout->align =
      align > SEGSHIFT_TLS_MIN_ALIGN ? align : SEGSHIFT_TLS_MIN_ALIGN;
  layout->tp_offset =
      (distance + surplus + layout->align - 1) & ~(layout->align - 1);
  layout->image_offset = layout->tp_offset - distance;
  layout->size = layout->tp_offset + SEGSHIFT_TCB_KERNEL + kernel_size;
  return 0;
}

int segshift_tls_layout(struct segshift_tls_layout *layout,
                        const struct segshift_tls_image *image,
                        size_t kernel_size) {
  return segshift_tls_layout_surplus(layout, image, kernel_size, 0);
}

int segshift_tls_layout_surplus(struct segshift_tls_layout *layout,
                                const struct segshift_tls_image *image,
                                size_t kernel_size, size_t surplus) {
  if (check(image) || image->mem_size > reach)
    return -SEGSHIFT_EINVAL;
  return place(layout, image, distance_of(image), kernel_size, surplus);
}

int segshift_tls_layout_at(struct segshift_tls_layout *layout,
                           const struct segshift_tls_image *image,
                           size_t kernel_size, size_t distance) {
  size_t align = image->align ? image->align : 1;
  if (check(image) || image->mem_size > distance ||
      (distance + image->vaddr) & (align - 1))
    return -SEGSHIFT_EINVAL;
  return place(layout, image, distance, kernel_size, 0);
}

int segshift_tls_layout_app(struct segshift_tls_app_layout *app,
                            const struct segshift_tls_layout *kernel,
                            size_t app_tls, size_t app_align, size_t app_tcb) {
  if (!is_power_of_two(app_align) || app_align > reach || app_tls > reach ||
      app_tcb > reach)
    return -SEGSHIFT_EINVAL;
  app->align = kernel->align > app_align ? kernel->align : app_align;
  app->app_tp_offset =
      (kernel->size + app_tls + app->align - 1) & ~(app->align - 1);
  app->distance = app->app_tp_offset - kernel->tp_offset;
  app->size = app->app_tp_offset + app_tcb;
  return app->app_tp_offset > reach ? -SEGSHIFT_EINVAL : 0;
}

void *segshift_tls_init(void *memory, const struct segshift_tls_layout *layout,
                        const struct segshift_tls_image *image, uint64_t canary,
                        uint64_t pointer_guard) {
  if (!memory || (uintptr_t)memory & (layout->align - 1))
    return 0;

  char *block = memory;
  char *bss = block + layout->image_offset + image->file_size;
  zero(block, layout->image_offset);
  copy(block + layout->image_offset, image->init, image->file_size);
  zero(bss, (size_t)(block + layout->size - bss));

  struct segshift_tcb *tcb = (void *)(block + layout->tp_offset);
  tcb->self = tcb;
  tcb->self2 = tcb;
  tcb->canary = canary;
  tcb->pointer_guard = pointer_guard;
  return tcb;
}

void *segshift_tls_release(void *tp, const struct segshift_tls_layout *layout) {
  zero(tp, layout->size - layout->tp_offset);
  return (char *)tp - layout->tp_offset;
}
