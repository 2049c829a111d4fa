/* A kernel in miniature that runs as a user process without a C library: TLS
 * behind GS by the plugin, FS the application's. It makes blocks for three
 * threads, switches between them, and plays the application's part itself.
 * Exit status 0, or the number of the check that failed.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <segshift/app_fs.h>
#include <segshift/entry.h>
#include <segshift/tls.h>

#define ALIGN 256

__thread int initialised = 42;
__thread int zeroed;
__thread char text[40] = "thread-local text";
__thread char aligned[ALIGN] __attribute__((aligned(ALIGN)));

extern const char tdata[], tdata_end[], tls_end[];
extern const size_t tls_align;

SEGSHIFT_INLINE long linux_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static _Noreturn void leave(int status) {
  for (;;)
    linux_call(231, status, 0, 0); /* exit_group */
}

#define CHECK(number, condition)                                               \
  do {                                                                         \
    if (!(condition))                                                          \
      leave(number);                                                           \
  } while (0)

_Noreturn void __stack_chk_fail(void) { leave(99); }

/* Without FSGSBASE, Linux sets the bases for us; a kernel writes the MSRs. */
SEGSHIFT_INLINE void set_tp(void *tp) {
  if (segshift_fsgsbase)
    segshift_set_tp(tp);
  else
    linux_call(158, SEGSHIFT_ARCH_SET_GS, (long)tp, 0);
}

static char memory[3][4096] __attribute__((aligned(ALIGN)));

/* Not inlined: their TLS addresses must not outlive a switch. */
#define FRESH __attribute__((noinline))
FRESH static void set_zeroed(int value) { zeroed = value; }
FRESH static int get_zeroed(void) { return zeroed; }
FRESH static int is_fresh(void) {
  int same = initialised == 42 && zeroed == 0;
  const char expected[] = "thread-local text";
  for (unsigned i = 0; i < sizeof(expected); ++i)
    same &= text[i] == expected[i];
  same &= ((unsigned long)aligned & (ALIGN - 1)) == 0;
  return same;
}

/* Reads the canary at entry and at exit, through GS. */
FRESH static int with_canary(int n) {
  volatile char buffer[64];
  for (int i = 0; i < 64; ++i)
    buffer[i] = (char)n;
  return buffer[63];
}

/* The first C function, on the boot TCB: calls below it may have canaries, but
 * it leaves that TCB, and so must have none. */
__attribute__((no_stack_protector)) void run(const unsigned long *stack) {
  /* Past argc, argv and envp: the auxiliary vector. */
  const unsigned long *aux = stack + 1 + stack[0] + 1;
  while (*aux)
    ++aux;
  for (++aux; *aux; aux += 2)
    if (*aux == 26) /* AT_HWCAP2 */
      segshift_fsgsbase = aux[1] & 2;

  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  CHECK(1, !segshift_tls_image_from_symbols(&image, tdata, tdata_end, tls_end,
                                            tls_align));
  CHECK(2, image.file_size >= 44 && image.mem_size >= 44 + 4 + ALIGN);
  CHECK(3, !segshift_tls_layout(&layout, &image, 16));
  CHECK(4, layout.size <= sizeof(memory[0]) && layout.align == ALIGN);

  void *tp[3];
  for (int i = 0; i < 3; ++i) {
    tp[i] = segshift_tls_init(memory[i], &layout, &image,
                              0xabcdef0011223300 + ((unsigned long)i << 8), 0);
    CHECK(5, tp[i] != 0);
  }

  CHECK(6, with_canary(5) == 5); /* still on the boot TCB */

  /* FS is the application's, and now points to where nothing is. */
  const unsigned long nowhere = 0x123456789000;
  CHECK(7, !linux_call(158, SEGSHIFT_ARCH_SET_FS, (long)nowhere, 0));

  for (int round = 0; round < 4; ++round)
    for (int i = 0; i < 3; ++i) {
      set_tp(tp[i]);
      CHECK(10, segshift_tp() == tp[i]);
      if (round == 0)
        CHECK(11, is_fresh());
      else
        CHECK(12, get_zeroed() == round * 10 + i);
      set_zeroed((round + 1) * 10 + i);
      CHECK(13, with_canary(7) == 7);
      CHECK(14, *(unsigned long *)((char *)tp[i] + SEGSHIFT_TCB_CANARY) ==
                    0xabcdef0011223300 + ((unsigned long)i << 8));
    }

  /* The application's FS at thread switches: loaded when it differs, and what
   * the application wrote by itself is kept. */
  if (segshift_fsgsbase) {
    struct segshift_app_fs a = {0}, b = {0x200000}, idle = {nowhere};
    segshift_app_fs_switch(&a, &b);
    CHECK(20, a.base == nowhere && segshift_read_fs_base() == 0x200000);
    __asm__ volatile("wrfsbase %0" : : "r"(0x300000ul));
    segshift_app_fs_switch(&b, &a);
    CHECK(21, b.base == 0x300000 && segshift_read_fs_base() == nowhere);
    segshift_app_fs_switch(&a, &idle);
    CHECK(22, a.base == nowhere && segshift_read_fs_base() == nowhere);
    segshift_app_fs_switch(&idle, &b);
    CHECK(23, segshift_read_fs_base() == 0x300000);
    segshift_app_fs_save(&a);
    CHECK(24, a.base == 0x300000);
    segshift_app_fs_load(&idle);
    CHECK(25, segshift_read_fs_base() == nowhere);
    CHECK(26, get_zeroed() == 42);

    const struct segshift_app app = {SEGSHIFT_APP_ADDRESS_LIMIT, 0};
    CHECK(27,
          !segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_SET_FS, 0x7fffffffefff));
    CHECK(28, segshift_read_fs_base() == 0x7fffffffefff);
    CHECK(29, segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_SET_FS,
                                      0x7ffffffff000) == -SEGSHIFT_EPERM);
    CHECK(30, segshift_read_fs_base() == 0x7fffffffefff);
  }

  CHECK(40, segshift_tls_release(tp[1], &layout) == memory[1]);
  CHECK(41, ((struct segshift_tcb *)tp[1])->canary == 0);
  leave(0);
}
