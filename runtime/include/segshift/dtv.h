/* Dynamic TLS behind the kernel's thread pointer: variables of modules that are
 * loaded when threads run already.
 *
 *   struct segshift_tls_modules     one for the kernel: which modules there are
 *   DTV, at %gs:0x08                one for each thread: where their blocks are
 *
 * A variable of a module is reached in one of three ways:
 *   R_X86_64_TPOFF64   initial-exec. The module's block lies in each thread's
 *                      static TLS, in the surplus below the kernel's image.
 *   R_X86_64_DTPMOD64, R_X86_64_DTPOFF64
 *                      general- and local-dynamic: a segshift_tls_index, handed
 *                      to __tls_get_addr, which a loader binds to
 *                      __segshift_tls_get_addr
 *   R_X86_64_TLSDESC   TLS descriptor: an address and an argument
 * (ELF Handling For Thread-Local Storage, and its amendment for TLS
 * descriptors, RFC-TLSDESC-x86.) A block of the last two kinds is made when a
 * thread first touches it.
 *
 * Concurrency. __segshift_tls_get_addr and the descriptors take no lock once
 * the thread has the block. All else takes the embedder's lock for a short,
 * time, never over a call of the allocator: short and bounded, but for
 * segshift_tls_add_static, _fill, _remove, _attach and _forked, which copy
 * images or look through all threads under it. Any function may be called on
 * any CPU, and be preempted at any place, if the lock keeps out whatever on the
 * same CPU might take it too: interrupt or signal handlers that first touch a
 * module's variables need it to hold them off.
 *
 * Order. The embedder sees to it that code of a module runs only after
 * segshift_tls_add*, and has ended everywhere before segshift_tls_remove; that
 * a thread runs such code only between attach and detach; and that nothing of
 * the module runs in a thread that is just being detached.
 *
 * Functions that can fail return 0 or a negated number of abi.h.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_DTV_H
#define SEGSHIFT_DTV_H

#include "segshift/abi.h"
#include "segshift/tls.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where blocks come from. It must live as long as what it has allocated: each
 * block and DTV goes back to the allocator that made it, also after
 * segshift_tls_set_allocator.
 *
 * `allocate` returns `size` bytes, aligned to `align` (a power of two, at least
 * 16), or null. `release` gets the same size, possibly on another thread. Both
 * must leave vector registers alone (-mgeneral-regs-only does), or descriptors
 * be made with __segshift_tlsdesc_dynamic_xsave. */
struct segshift_tls_allocator {
  void *(*allocate)(void *context, size_t size, size_t align);
  void (*release)(void *context, void *memory, size_t size);
  void *context;
};

struct segshift_tls_hooks {
  /* A spin lock with preemption, and where they matter interrupts or signals,
   * off. What `lock` returns goes to `unlock`. */
  uintptr_t (*lock)(void *context);
  void (*unlock)(void *context, uintptr_t state);
  /* A use of TLS that cannot be served: no memory for a block, a thread that
   * was never attached, or a module that is gone (its number is given). There
   * is no way to return an error to compiled code. Must not return. */
  void (*fail)(void *context, const char *what, uint64_t module);
  void *context;
};

/* The argument of __tls_get_addr (psABI: tls_index), as R_X86_64_DTPMOD64 and
 * R_X86_64_DTPOFF64 fill it.
 *
 * A module's number holds its index in the low 16 bits and its generation above
 * them. No two modules ever have one number, so that a DTV's slot is valid
 * exactly if it carries the number that is asked for, and code of a module that
 * is gone is caught, not given another's variables. */
struct segshift_tls_index {
  uint64_t module;
  uint64_t offset;
};

#define SEGSHIFT_TLS_MODULES_MAX 65535

/* One place in a DTV. */
struct segshift_dtv_slot {
  uint64_t module; /* 0: no block */
  void *block;     /* what x@dtpoff is added to */
};

struct segshift_tls_modules;

/* A thread's DTV: this, and the slots behind it. */
struct segshift_dtv {
  struct segshift_tls_modules *modules;
  void *tp;
  struct segshift_dtv *next, *previous;           /* of all attached threads */
  const struct segshift_tls_allocator *allocator; /* null: not from one */
  size_t size;                                    /* in bytes, slots included */
};

/* The slot of a module's index. That of index 0 is never used. */
SEGSHIFT_INLINE struct segshift_dtv_slot *
segshift_dtv_slot(struct segshift_dtv *dtv, size_t index) {
  return (struct segshift_dtv_slot *)(dtv + 1) + index;
}

/* A module as the registry keeps it. */
struct segshift_tls_module {
  uint64_t number; /* 0: free */
  struct segshift_tls_image image;
  size_t distance; /* static modules: the image starts at tp - distance */
};

/* The registry. The embedder gives the memory; the members are the runtime's.
 */
struct segshift_tls_modules {
  struct segshift_tls_module *table; /* capacity + 1; table[1] is the kernel */
  size_t capacity;
  uint64_t generation;
  struct segshift_dtv *threads;
  size_t static_base; /* distance of the kernel's image */
  size_t static_end;  /* and of the surplus's end */
  size_t static_align;
  const struct segshift_tls_allocator *allocator;
  const struct segshift_tls_allocator *table_allocator;
  const struct segshift_tls_hooks *hooks;
  size_t blocks; /* that dynamic modules have now, in all threads */
};

/* Makes a registry with the kernel's own image as its first module, so that
 * modules reach the kernel's variables by each of the three ways. `layout` is
 * that of all threads, with a surplus (segshift_tls_layout_surplus) if there
 * shall be initial-exec modules. At most `capacity` modules are there at a
 * time, the kernel's included. -SEGSHIFT_EINVAL: capacity is 0 or above
 * SEGSHIFT_TLS_MODULES_MAX. -SEGSHIFT_ENOMEM: the allocator gave null. */
int segshift_tls_modules_init(struct segshift_tls_modules *modules,
                              const struct segshift_tls_layout *layout,
                              const struct segshift_tls_image *image,
                              size_t capacity,
                              const struct segshift_tls_allocator *allocator,
                              const struct segshift_tls_hooks *hooks);

/* Gives back the table. No thread may be attached any more. */
void segshift_tls_modules_end(struct segshift_tls_modules *modules);

/* From now on blocks come from `allocator`; those that are there keep theirs.
 */
void segshift_tls_set_allocator(struct segshift_tls_modules *modules,
                                const struct segshift_tls_allocator *allocator);

/* Number of a module that has its block in each thread when it is first
 * touched, by general-dynamic or descriptor. `image` is copied; image->init
 * must stay readable until removal. -SEGSHIFT_EINVAL: the image is malformed.
 * -SEGSHIFT_ENOSPC: the table is full.
 */
int segshift_tls_add(struct segshift_tls_modules *modules,
                     const struct segshift_tls_image *image, uint64_t *number);

/* Number of a module whose block lies in the surplus of each thread, those that
 * run already included: for modules with DF_STATIC_TLS or TPOFF64 relocations.
 * Other ways reach it too. Each thread's block is initialised before return.
 * -SEGSHIFT_ENOSPC: the table is full, or no gap in the surplus is large
 * enough. -SEGSHIFT_EINVAL: the image is malformed, or its alignment greater
 * than the layout's. */
int segshift_tls_add_static(struct segshift_tls_modules *modules,
                            const struct segshift_tls_image *image,
                            uint64_t *number);

/* Copies a static module's image to each thread's block once more, and does
 * nothing for a dynamic one: for a loader that relocates .tdata when the module
 * has its number. Before code of the module runs. -SEGSHIFT_EINVAL: there is no
 * such module, or it is the kernel's own. */
int segshift_tls_fill(struct segshift_tls_modules *modules, uint64_t number);

/* Ends a module: its blocks of all threads are given back, its place in the
 * surplus is free. -SEGSHIFT_EINVAL: there is no such module, or it is the
 * kernel's own. */
int segshift_tls_remove(struct segshift_tls_modules *modules, uint64_t number);

/* x@tpoff of the byte at `offset` in a static module's image, for
 * R_X86_64_TPOFF64, into *tpoff. -SEGSHIFT_EINVAL: there is no such module, or
 * it is not static; then x can be had only by the other ways. */
int segshift_tls_module_tpoff(struct segshift_tls_modules *modules,
                              uint64_t number, uint64_t offset, int64_t *tpoff);

/* Bytes of a DTV for so many modules, and its alignment. */
SEGSHIFT_INLINE size_t segshift_dtv_size(size_t capacity) {
  return sizeof(struct segshift_dtv) +
         (capacity + 1) * sizeof(struct segshift_dtv_slot);
}
#define SEGSHIFT_DTV_ALIGN 16

/* Gives the thread whose block is at `tp` a DTV, and its static modules their
 * initial values: after segshift_tls_init, before the thread runs (or by the
 * thread itself, before it runs code of a module). `memory` is for the DTV,
 * segshift_dtv_size bytes aligned to SEGSHIFT_DTV_ALIGN, a part of the kernel's
 * slots perhaps; null: from the allocator. -SEGSHIFT_ENOMEM: it gave none.
 * -SEGSHIFT_EINVAL: memory is not aligned, or the thread has a DTV. */
int segshift_tls_attach(struct segshift_tls_modules *modules, void *tp,
                        void *memory);

/* Ends that, when the thread does: gives its blocks and its DTV back, each to
 * the allocator that made it. Before segshift_tls_release. Does nothing to a
 * thread that is not attached. */
void segshift_tls_detach(struct segshift_tls_modules *modules, void *tp);

/* In a forked process, in which only the thread at `tp` is left: detaches all
 * others. The memory of their static blocks is the caller's to free. */
void segshift_tls_forked(struct segshift_tls_modules *modules, void *tp);

/* The address of a variable for the running thread. The psABI's __tls_get_addr;
 * a loader binds that name in a module behind GS to this function, and must
 * never bind an FS object's to it. */
void *__segshift_tls_get_addr(const struct segshift_tls_index *index);

/* TLS descriptors, filled in for R_X86_64_TLSDESC. Compiled code calls the
 * first word with the descriptor's address in rax, and gets x@tpoff back in
 * rax; all other registers but the flags are preserved, vector registers
 * included. */
struct segshift_tlsdesc {
  void (*entry)(void);
  uint64_t argument;
};

#define SEGSHIFT_ENTRY __attribute__((visibility("hidden")))
/* A static module's variable: argument is x@tpoff. */
SEGSHIFT_ENTRY void __segshift_tlsdesc_static(void);
/* A dynamic module's: argument is the address of a segshift_tls_index, which
 * the loader keeps as long as the descriptor. */
SEGSHIFT_ENTRY void __segshift_tlsdesc_dynamic(void);
/* The same, for allocators and hooks that use vector registers (a malloc of a
 * hosted program): saves the whole extended state by XSAVE, or by FXSAVE where
 * the system has not enabled that, if a block has to be made. Needs some 3 KiB
 * of stack with AVX-512, 11 KiB with AMX. */
SEGSHIFT_ENTRY void __segshift_tlsdesc_dynamic_xsave(void);
/* An undefined weak symbol: argument is the address that shall come out. */
SEGSHIFT_ENTRY void __segshift_tlsdesc_undefined(void);

/* Fills a descriptor for the byte at `offset` of a module: by the static entry
 * if it has a static block, else by `entry` (one of the dynamic two) and
 * *index, which is filled too. -SEGSHIFT_EINVAL: there is no such module. */
int segshift_tlsdesc_set(struct segshift_tls_modules *modules,
                         struct segshift_tlsdesc *descriptor,
                         struct segshift_tls_index *index, uint64_t number,
                         uint64_t offset, void (*entry)(void));

#ifdef __cplusplus
}
#endif

#endif
