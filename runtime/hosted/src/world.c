/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/hosted.h"

#include "blocks.h"
#include "image.h"
#include "linux.h"
#include "segshift/abi.h"
#include "segshift/pages.h"
#include "segshift/tls.h"

/* The host's, of whatever C library: POSIX names, bound by its loader. */
int pthread_key_create(unsigned *key, void (*destructor)(void *));
int pthread_setspecific(unsigned key, const void *value);
/* glibc has the first of these in libc.so, musl the second. The last argument
 * is for removal when an object is closed; this one never is (-z nodelete). */
__attribute__((weak)) int __register_atfork(void (*)(void), void (*)(void),
                                            void (*)(void), void *);
__attribute__((weak)) int pthread_atfork(void (*)(void), void (*)(void),
                                         void (*)(void));
unsigned long getauxval(unsigned long type);

extern const char __ehdr_start[] SEGSHIFT_HIDDEN;

/* The world's own constructors and destructors, which link-world.sh keeps from
 * the host's loader: they run on GS. */
typedef void function(int, char **, char **);
extern __attribute__((weak))
function *const __start_world_init[] SEGSHIFT_HIDDEN,
    *const __stop_world_init[] SEGSHIFT_HIDDEN,
        *const __start_world_fini[] SEGSHIFT_HIDDEN,
            *const __stop_world_fini[] SEGSHIFT_HIDDEN;

__thread void *segshift_world_tp;
bool segshift_world_fsgsbase;

static struct segshift_tls_image image;
static struct segshift_tls_layout layout;
static const struct segshift_world *world; /* null: none, or it is refused */
static uint64_t canary, pointer_guard;
static unsigned key;
static int lock;

/* POSIX: PTHREAD_DESTRUCTOR_ITERATIONS is at least 4, and is in glibc and musl.
 * Blocks live as long as they can, for destructors of other keys that enter. */
enum { LastRound = 4 };

static void *gs_base(void) {
  void *base = 0;
  if (segshift_world_fsgsbase)
    return segshift_world_gs_base();
  linux_call(SYS_arch_prctl, SEGSHIFT_ARCH_GET_GS, (long)&base, 0, 0, 0, 0);
  return base;
}

static void set_gs_base(void *base) {
  if (segshift_world_fsgsbase)
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
  else
    linux_call(SYS_arch_prctl, SEGSHIFT_ARCH_SET_GS, (long)base, 0, 0, 0, 0);
}

static char *put(char *out, const char *text) {
  while (*text)
    *out++ = *text++;
  return out;
}

static char *put_number(char *out, uint64_t value, unsigned radix) {
  char digits[20];
  int count = 0;
  do
    digits[count++] = "0123456789abcdef"[value % radix];
  while (value /= radix);
  while (count)
    *out++ = digits[--count];
  return out;
}

/* Once in a process. */
static int refuse(void *base) {
  static int said;
  if (__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
    return -EBUSY_;
  char text[320], *out = put(text, "segshift: GS base of thread ");
  out = put_number(out, (uint64_t)linux_gettid(), 10);
  out = put(out, " is 0x");
  out = put_number(out, (uint64_t)base, 16);
  out = put(out, ", which this world has not set: something else in the "
                 "process uses GS (Wine, or another second C library); the "
                 "world is not entered\n");
  linux_call(SYS_write, 2, (long)text, out - text, 0, 0, 0);
  return -EBUSY_;
}

/* --- Thread's end ----------------------------------------------------------
 */

/* For each block in use, `own` is the running thread's: gives back those of
 * threads that ended without their key destructors (by a bare exit system call,
 * or entered again in the last round of them). One with this thread's number is
 * of a dead thread that had it before. */
static void reclaim(struct block *block, void *own) {
  const struct block *mine = own;
  bool is_dead =
      block->tid == mine->tid ||
      linux_call(SYS_tgkill, linux_call(SYS_getpid, 0, 0, 0, 0, 0, 0),
                 block->tid, 0, 0, 0, 0) == -ESRCH_;
  if (block == mine || !is_dead)
    return;
  world->thread_end((char *)block->memory + layout.tp_offset, false);
  blocks_give(block);
}

static void thread_ended(void *tp) {
  struct block *block = blocks_find(tp);
  if (++block->rounds < LastRound) {
    pthread_setspecific(key, tp);
    return;
  }
  if (!world)
    return; /* the process ends */
  if (gs_base() != tp) {
    refuse(gs_base());
    return; /* the block stays linked to the others */
  }
  /* A handler must not enter a thread that has half ended. */
  uint64_t signals = signals_block();
  world->thread_end(tp, true);
  segshift_world_tp = 0;
  set_gs_base(0);
  futex_lock(&lock);
  segshift_tls_release(tp, &layout);
  blocks_give(block);
  futex_unlock(&lock);
  signals_restore(signals);
}

/* --- Entering --------------------------------------------------------------
 */

/* With signals blocked, so that a handler finds a thread that has entered or
 * one that has not. */
static int make_block(const struct segshift_world *of) {
  int tid = linux_gettid();
  futex_lock(&lock);
  struct block *block = blocks_take(tid);
  futex_unlock(&lock);
  if (!block)
    return -ENOMEM_;
  void *tp =
      segshift_tls_init(block->memory, &layout, &image, canary, pointer_guard);
  set_gs_base(tp);
  of->thread_begin(tp, tid);
  segshift_world_tp = tp;
  pthread_setspecific(key, tp);
  return 0;
}

/* Blocks of dead threads, each time that the used ones have doubled. */
static void sweep(void) {
  static size_t next = 64;
  if (blocks_used < next)
    return;
  futex_lock(&lock);
  blocks_each(reclaim, blocks_find(segshift_world_tp));
  next = blocks_used * 2 > 64 ? blocks_used * 2 : 64;
  futex_unlock(&lock);
}

/* With signals blocked: a handler that enters between two of these reads would
 * make them disagree. */
static int enter(void) {
  void *base = gs_base();
  if (segshift_world_tp)
    return base == segshift_world_tp ? 0 : refuse(base);
  if (base && !blocks_contain(base))
    return refuse(base);
  int result = make_block(world);
  if (!result)
    sweep();
  return result;
}

int segshift_enter_slow(void) {
  if (!world)
    return -ENODEV_;
  uint64_t signals = signals_block();
  int result = enter();
  signals_restore(signals);
  return result;
}

/* --- Fork ------------------------------------------------------------------
 */

/* The world's locks are taken by the thread that forks, so that the child has
 * them in order. From `before` to `after` signals are blocked and `lock` is
 * held. */
static uint64_t fork_signals;
static bool is_forking;

static void before_fork(void) {
  if (segshift_enter())
    return;
  uint64_t signals = signals_block();
  futex_lock(&lock);
  fork_signals = signals;
  is_forking = true;
  world->fork(-1, segshift_world_tp, 0);
}

static void give_if_other(struct block *block, void *own) {
  void *tp = (char *)block->memory + layout.tp_offset;
  if (tp == own)
    return;
  world->thread_end(tp, false);
  blocks_give(block);
}

static void after_fork(bool is_child) {
  if (!is_forking)
    return;
  int tid = linux_gettid();
  void *tp = segshift_world_tp;
  world->fork(is_child, tp, tid);
  if (is_child) {
    blocks_find(tp)->tid = tid;
    blocks_each(give_if_other, tp);
  }
  is_forking = false;
  uint64_t signals = fork_signals;
  futex_unlock(&lock);
  signals_restore(signals);
}

static void after_fork_parent(void) { after_fork(false); }
static void after_fork_child(void) { after_fork(true); }

/* --- The world's life ------------------------------------------------------
 */

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
  if (segshift_tls_image_from_phdrs(&image, header + phoff, phnum, phentsize,
                                    (uint64_t)header))
    return -EINVAL_;
  return segshift_tls_layout_at(&layout, &image, slots(tcb_size),
                                image_distance());
}

/* 0 if this process's GS is free. */
static int begin(void) {
  enum { AT_HWCAP2 = 26 };
  segshift_world_fsgsbase = getauxval(AT_HWCAP2) & 2;
  void *base = gs_base();
  return base ? refuse(base) : 0;
}

/* What lies in front of it: `image`, `layout`, `canary` and `pointer_guard`. */
static int start(const struct segshift_world *of, char **environment) {
  if (pthread_key_create(&key, thread_ended))
    return -ENOMEM_;
  blocks_init(layout.size);
  uint64_t signals = signals_block();
  int result = make_block(of);
  signals_restore(signals);
  if (!result && of->start)
    result = of->start(environment);
  if (result)
    return result;
  world = of;
  if (__register_atfork)
    __register_atfork(before_fork, after_fork_parent, after_fork_child, &key);
  else if (pthread_atfork)
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
  return 0;
}

int segshift_world_init(const struct segshift_world *of, char **environment) {
  enum { AT_RANDOM = 25 };
  int result = begin();
  if (!result)
    result = describe_tls(of->tcb_size);
  if (result)
    return result;
  /* As C libraries do: the kernel's 16 random bytes, mixed so that the host's
     canary does not follow from the world's. */
  uint64_t random[2] = {0x5bd1e9955bd1e900, 0x9e3779b97f4a7c15};
  unsigned long at_random = getauxval(AT_RANDOM);
  if (at_random)
    __builtin_memcpy(random, (const void *)at_random, sizeof(random));
  canary = (random[0] ^ random[1] * 0x9e3779b97f4a7c15) & ~(uint64_t)0xff;
  pointer_guard = random[1] ^ random[0] * 0xd1342543de82ef95;

  result = start(of, environment);
  if (result)
    return result;
  char *no_arguments[] = {0};
  for (function *const *f = __start_world_init; f != __stop_world_init; ++f)
    (*f)(0, no_arguments, environment);
  return 0;
}

int segshift_world_load(const void *file, size_t size, char **environment,
                        const void *const **functions) {
  struct handoff handoff;
  int result = begin();
  if (!result)
    result = image_start(file, size, environment, &handoff);
  if (result)
    return result;
  image = handoff.tls;
  canary = handoff.canary;
  pointer_guard = handoff.pointer_guard;
  result = segshift_tls_layout(&layout, &image, slots(handoff.world->tcb_size));
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
    segshift_tls_pages(pages, segshift_world_tp, &layout, BlockPage);
  return error;
}

size_t segshift_world_threads(void) {
  return __atomic_load_n(&blocks_used, __ATOMIC_RELAXED);
}

size_t segshift_world_blocks(void) {
  return __atomic_load_n(&blocks_made, __ATOMIC_RELAXED);
}
