/* The world's life.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "world.h"

#include "auxiliary.h"
#include "blocks.h"
#include "gs.h"
#include "image.h"
#include "say.h"
#include "segshift/pages.h"

unsigned long getauxval(unsigned long type); /* the host's */

extern const char __ehdr_start[] SEGSHIFT_HIDDEN;

/* The world's own constructors and destructors, which link-world.sh keeps from
 * the host's loader: they run on GS. */
typedef void function(int, char **, char **);
extern __attribute__((weak))
function *const __start_world_init[] SEGSHIFT_HIDDEN,
    *const __stop_world_init[] SEGSHIFT_HIDDEN,
        *const __start_world_fini[] SEGSHIFT_HIDDEN,
            *const __stop_world_fini[] SEGSHIFT_HIDDEN;

bool segshift_world_fsgsbase;

/* Where the host's loader put this object's TLS image, from any thread's FS on:
 * the TPOFF64 relocations of the object's own accesses carry it already. */
static size_t image_distance(void) {
  size_t tpoff;
  __asm__("movq _TLS_MODULE_BASE_@gottpoff(%%rip), %0" : "=r"(tpoff));
  return 0 - tpoff;
}

static size_t slots(size_t tcb_size) {
  return tcb_size > SEGSHIFT_TCB_KERNEL ? tcb_size - SEGSHIFT_TCB_KERNEL : 0;
}

static int describe_tls(size_t tcb_size) {
  const unsigned char *header = (const unsigned char *)__ehdr_start;
  uint64_t phoff;
  uint16_t phentsize, phnum;
  __builtin_memcpy(&phoff, header + 32, 8);
  __builtin_memcpy(&phentsize, header + 54, 2);
  __builtin_memcpy(&phnum, header + 56, 2);
  if (segshift_tls_image_from_phdrs(&form.image, header + phoff, phnum,
                                    phentsize, (uint64_t)header))
    return -EINVAL_;
  return segshift_tls_layout_at(&form.layout, &form.image, slots(tcb_size),
                                image_distance());
}

/* 0 if this process's GS is free. */
static int begin(void) {
  segshift_world_fsgsbase = getauxval(AT_HWCAP2) & 2;
  void *base;
  int error = gs_base(&base);
  if (error)
    return say_no_gs(error);
  return base ? say_foreign(base) : 0;
}

/* After `form` is filled in. */
static int start(const struct segshift_world *of, char **environment) {
  int result = enter_init();
  if (result)
    return say_no_world("the host has no pthread key left", result);
  uint64_t signals = signals_block();
  result = enter_first(of);
  signals_restore(signals);
  if (result)
    return result;
  if (of->start) {
    static Elf64_auxv_t auxiliary[AuxiliaryMost];
    read_auxiliary(auxiliary);
    result = of->start(environment, (const size_t *)auxiliary, &segshift_host);
  }
  if (result) {
    leave_first();
    return result;
  }
  world = of;
  fork_init();
  return 0;
}

int segshift_world_init(const struct segshift_world *of, char **environment) {
  int result = begin();
  if (!result)
    result = describe_tls(of->tcb_size);
  if (result)
    return result;
  uint64_t random[2];
  read_random(random);
  form.canary = random[0] & ~(uint64_t)0xff; /* as C libraries do */
  form.pointer_guard = random[1];
  result = start(of, environment);
  if (result)
    return result;
  char *no_arguments[] = {0};
  for (function *const *f = __start_world_init; f != __stop_world_init; ++f)
    (*f)(0, no_arguments, environment);
  return 0;
}

/* The program's C library sets its first thread's GS_BASE by arch_prctl, and
 * would end the process if that fails. */
static int try_set_gs_by_call(void) {
  uint64_t signals = signals_block();
  int result = set_gs_base_by_call(&form);
  set_gs_base(0);
  signals_restore(signals);
  return result ? say_no_gs(result) : 0;
}

int segshift_world_load(const void *file, size_t size, char **environment,
                        const void *const **functions) {
  struct handoff handoff;
  int result = begin();
  if (!result)
    result = try_set_gs_by_call();
  if (!result)
    result = image_start(file, size, environment, &handoff);
  if (result)
    return result;
  form.image = handoff.tls;
  form.canary = handoff.canary;
  form.pointer_guard = handoff.pointer_guard;
  result = segshift_tls_layout(&form.layout, &form.image,
                               slots(handoff.world->tcb_size));
  if (!result)
    result = start(handoff.world, environment);
  *functions = handoff.functions;
  return result;
}

void segshift_world_end(void) {
  if (!segshift_enter()) {
    for (function *const *f = __stop_world_fini; f != __start_world_fini;)
      (*--f)(0, 0, 0);
    world->stop();
  }
  world = 0;
}

int segshift_world_pages(struct segshift_tls_pages *pages) {
  int error = segshift_enter();
  if (!error)
    segshift_tls_pages(pages, own_tp(), &form.layout, BlockPage);
  return error;
}

size_t segshift_world_threads(void) {
  return __atomic_load_n(&blocks_used, __ATOMIC_RELAXED);
}

size_t segshift_world_blocks(void) {
  return __atomic_load_n(&blocks_made, __ATOMIC_RELAXED);
}
