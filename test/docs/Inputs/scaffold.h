/* What the code blocks of the guides take for given.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef SEGSHIFT_APP_RING
#define SEGSHIFT_APP_RING 0
#endif
#include <segshift/entry.h>
#ifndef __ASSEMBLER__
#include <segshift/app_fs.h>
#include <segshift/dtv.h>
#include <segshift/tls.h>
#define TLS_ALIGN 64
#define KERNEL_SLOTS 16
extern char __tdata[], __tdata_end[], __tbss_end[];
extern char tdata[], tdata_end[], tls_end[];
extern const size_t tls_align;
extern uint64_t canary, pointer_guard, random64(void);
extern struct segshift_tls_image image;
extern struct segshift_tls_layout layout;
extern struct segshift_tls_allocator allocator;
extern struct segshift_tls_hooks hooks;
extern struct segshift_tls_image program_image;
extern uint64_t guard;
extern void *tp;
void *kernel_alloc(size_t size, size_t align);
void *early_alloc(size_t size, size_t align);
struct thread {
  void *tp;
  uint64_t gs;
  struct segshift_app_fs fs, app_fs;
} extern *previous, *next, *from, *to;
void switch_stack(struct thread *from, struct thread *to);
#endif
