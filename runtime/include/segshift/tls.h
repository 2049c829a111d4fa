/* The kernel's TLS: from the image in the kernel's ELF file to a block for each
 * thread, and the thread pointer.
 *
 * A block, from low to high addresses (psABI variant II):
 *
 *   memory           image            tp
 *   | padding        | .tdata  .tbss  | TCB, 0x80 bytes | kernel slots |
 *   <-------------- tp_offset -------->
 *   <------------------------------ size ------------------------------>
 *
 * Sizes and offsets are in bytes. Functions that can fail return 0, or a
 * negated number of abi.h. Nothing here allocates or keeps state.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_TLS_H
#define SEGSHIFT_TLS_H

#include "segshift/abi.h"
#include "segshift/base.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The thread control block, at tp. The offsets are those of abi.h. */
struct segshift_tcb {
  void *self;
  void *dtv; /* null, or a struct segshift_dtv: see dtv.h */
  void *self2;
  uint64_t reserved0[2];
  uint64_t canary;
  uint64_t pointer_guard;
  uint64_t reserved1[7];
  uint64_t split_stack;
  uint64_t reserved2;
  /* The kernel's slots follow. */
};

/* What PT_TLS says. `vaddr` counts only modulo `align`: linkers place the image
 * so that it keeps its address modulo its alignment. `align` 0 means 1. */
struct segshift_tls_image {
  const void *init; /* .tdata as linked; may be null if file_size is 0 */
  uint64_t vaddr;   /* p_vaddr */
  size_t file_size; /* .tdata */
  size_t mem_size;  /* .tdata and .tbss */
  size_t align;     /* p_align, a power of two */
};

/* Describes an image by its linker symbols: `tdata` to `tdata_end` is .tdata,
 * `tls_end` the end of .tbss (tdata_end if there is none). `align` must be just
 * the larger of both sections' alignments, which is p_align: the linker's
 * offsets depend on it, and a greater one gives another layout. The kernel must
 * run at its link address, or be moved from it by a multiple of `align`.
 * -SEGSHIFT_EINVAL: the ends are out of order, or `align` is no power of two.
 */
int segshift_tls_image_from_symbols(struct segshift_tls_image *image,
                                    const void *tdata, const void *tdata_end,
                                    const void *tls_end, size_t align);

/* Describes an image by the program headers of a mapped ELF64 file: e_phnum
 * headers, e_phentsize bytes each, and what was added to p_vaddr by loading.
 * A file without PT_TLS gives an empty image. -SEGSHIFT_EINVAL: phentsize is
 * less than 56, there are two PT_TLS, p_filesz is greater than p_memsz, or
 * p_align is no power of two. */
int segshift_tls_image_from_phdrs(struct segshift_tls_image *image,
                                  const void *phdrs, size_t phnum,
                                  size_t phentsize, uint64_t load_bias);

struct segshift_tls_layout {
  size_t size;         /* of a block */
  size_t align;        /* of a block, and of tp */
  size_t tp_offset;    /* from the block's start to tp */
  size_t image_offset; /* from the block's start to the image */
};

/* Computes the layout for an image and `kernel_size` bytes of kernel slots from
 * SEGSHIFT_TCB_KERNEL on. -SEGSHIFT_EINVAL: the image is malformed, or so large
 * that no instruction's 32-bit displacement reaches all of it. */
int segshift_tls_layout(struct segshift_tls_layout *layout,
                        const struct segshift_tls_image *image,
                        size_t kernel_size);

/* The same with at least `surplus` bytes between padding and image, for modules
 * that come later and are reached by initial-exec (dtv.h). All of them up to
 * image_offset can be used. */
int segshift_tls_layout_surplus(struct segshift_tls_layout *layout,
                                const struct segshift_tls_image *image,
                                size_t kernel_size, size_t surplus);

/* The same for an image whose place is decided already: at tp - distance, by a
 * dynamic linker that has filled in its R_X86_64_TPOFF64 relocations.
 * -SEGSHIFT_EINVAL also if `distance` is less than the image, or does not keep
 * its address modulo its alignment. */
int segshift_tls_layout_at(struct segshift_tls_layout *layout,
                           const struct segshift_tls_image *image,
                           size_t kernel_size, size_t distance);

/* A kernel block with the block of a dynamic program's thread behind it, at one
 * distance in all threads:
 *
 *   memory                  tp                        app_tp
 *   | kernel's image        | TCB, slots | app's TLS   | app's TCB |
 *                           <-------- distance -------->
 *
 * So a program's initial-exec relocation can name a variable that the kernel
 * exports (errno, libstdc++'s __once_callable): its R_X86_64_TPOFF64 becomes
 * the kernel's x@tpoff - distance. */
struct segshift_tls_app_layout {
  size_t size;          /* of both */
  size_t align;         /* of the memory */
  size_t app_tp_offset; /* from the memory's start to the program's tp */
  size_t distance;      /* from the kernel's tp to the program's */
};

/* `app_tls` bytes of static TLS below the program's tp, surplus included,
 * aligned to `app_align`, and `app_tcb` bytes from tp on. The kernel's block is
 * made by segshift_tls_init at the memory's start, the program's by its loader.
 * -SEGSHIFT_EINVAL: app_align is no power of two, or the distance is beyond
 * 2^31. */
int segshift_tls_layout_app(struct segshift_tls_app_layout *app,
                            const struct segshift_tls_layout *kernel,
                            size_t app_tls, size_t app_align, size_t app_tcb);

/* x@tpoff of the byte at `offset` in the image: negative. */
SEGSHIFT_INLINE ptrdiff_t
segshift_tls_tpoff(const struct segshift_tls_layout *layout, size_t offset) {
  return (ptrdiff_t)(layout->image_offset + offset) -
         (ptrdiff_t)layout->tp_offset;
}

/* Makes a block in `memory`, layout->size bytes aligned to layout->align, whose
 * contents do not matter: .tdata is copied, all else zeroed, and the TCB filled
 * in. Returns tp, or null if `memory` is null or not aligned. The canary must
 * be random, and its lowest byte 0 if strings shall not be able to overwrite
 * it. */
void *segshift_tls_init(void *memory, const struct segshift_tls_layout *layout,
                        const struct segshift_tls_image *image, uint64_t canary,
                        uint64_t pointer_guard);

/* Ends a block's life, and returns its memory for the kernel to free. No CPU's
 * thread pointer may be in it any more. The TCB is cleared, so that no secret
 * stays behind and a use after release meets a null pointer. */
void *segshift_tls_release(void *tp, const struct segshift_tls_layout *layout);

/* The kernel's thread pointer, through its segment base. Boot processor, other
 * processors and thread switches all set it by this one function.
 *
 * The caller's own TLS changes under it: it must not keep the address of a
 * thread-local variable over the call, and if it sets a thread pointer whose
 * canary differs while it stays on its stack (as at boot), it needs
 * __attribute__((no_stack_protector)). */
SEGSHIFT_INLINE void segshift_set_tp(void *tp) {
#ifdef SEGSHIFT_KERNEL_TLS_FS
  segshift_write_fs_base((uint64_t)(uintptr_t)tp);
#else
  segshift_write_gs_base((uint64_t)(uintptr_t)tp);
#endif
}

/* Reads the thread pointer from the TCB, as compiled code does. Valid once a
 * thread pointer was set. Also usable outside of ring 0. */
SEGSHIFT_INLINE void *segshift_tp(void) {
  void *tp;
#ifdef SEGSHIFT_KERNEL_TLS_FS
  __asm__ volatile("movq %%fs:0, %0" : "=r"(tp));
#else
  __asm__ volatile("movq %%gs:0, %0" : "=r"(tp));
#endif
  return tp;
}

#ifdef __cplusplus
}
#endif

#endif
