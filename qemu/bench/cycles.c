/* Times the functions of sequences.S and accesses.S on this CPU, in a process.
 *
 *   cycles GROUP ROUNDS    GROUP: crossings, bases or accesses
 *
 * Each round runs every variant once, in random order, so that a change of the
 * machine's speed hits all alike. Standard output gets a line a variant:
 *
 *   NAME CYCLES...         of one crossing or access, in TSC cycles, by rounds
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "accesses.h"
#include "segshift/abi.h"
#include "segshift/entry.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HWCAP2_FSGSBASE 2
#define LENGTH(A) (sizeof(A) / sizeof((A)[0]))

/* --- Where GS points ----------------------------------------------------- */

/* The kernel's side of a thread: a TLS block with a TCB, and a stack. */
static struct {
  char tls[4096];
  uint64_t tcb[512];
} kernel __attribute__((aligned(4096)));
static char kernel_stack[16384] __attribute__((aligned(64)));

/* What percpu_* uses: as linked, and this "CPU's" copy, behind it. */
struct percpu {
  uint64_t variable, offset;
};
struct percpu_area {
  struct percpu linked, copy;
};
extern struct percpu_area percpu_area;
__asm__(".data\n.balign 64\n"
        ".globl percpu_area, percpu_variable, percpu_offset\n"
        "percpu_area:\n"
        "percpu_variable: .quad 0\n"
        "percpu_offset: .quad 0\n"
        ".skip 16\n.text");

static void set_gs(uint64_t base) {
  __asm__ volatile("wrgsbase %0" : : "r"(base));
}
static uint64_t get_fs(void) {
  uint64_t base;
  __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}

/* --- Single instructions ------------------------------------------------- */

#define REPEAT(Name, Text, ...)                                                \
  static void Name(uint64_t loops) {                                           \
    uint64_t fs = get_fs();                                                    \
    for (uint64_t i = 0; i != loops; ++i)                                      \
      __asm__ volatile(".rept 16\n\t" Text "\n\t.endr"                         \
                       :                                                       \
                       : "r"(fs), "r"((uint64_t)kernel.tcb)                    \
                       : __VA_ARGS__);                                         \
  }
REPEAT(nothing, "", "memory")
REPEAT(read_fs, "rdfsbase %%rax", "rax")
REPEAT(write_fs, "wrfsbase %0", "memory")
REPEAT(write_gs, "wrgsbase %1", "memory")
REPEAT(swap_fs, "wrfsbase %1\n\twrfsbase %0", "memory")
REPEAT(swap_fs_used, "wrfsbase %1\n\tincq %%fs:8\n\twrfsbase %0", "memory")
REPEAT(popfq, "pushfq\n\tpopfq", "memory")
REPEAT(lfence, "lfence", "memory")

static void null_call(uint64_t loops) {
  for (uint64_t i = 0; i != loops * 16; ++i)
    syscall(SYS_getppid);
}
static void arch_prctl_set_fs(uint64_t loops) {
  uint64_t fs;
  __asm__("movq %%fs:0, %0" : "=r"(fs));
  for (uint64_t i = 0; i != loops * 16; ++i)
    syscall(SYS_arch_prctl, SEGSHIFT_ARCH_SET_FS, fs);
}

/* --- Variants ------------------------------------------------------------ */

/* Where GS must point. */
#define GS_NOT_USED 0
#define GS_KERNEL ((uint64_t)kernel.tcb)
#define GS_PERCPU sizeof(struct percpu)

struct variant {
  const char *group, *name;
  void (*run)(uint64_t loops);
  unsigned per_loop, loops;
  uint64_t gs;
};

/* Read by the sequences: the bases are written by instructions. */
bool segshift_fsgsbase = true;

#define SEQUENCE(Text, Name)                                                   \
  void Name##_syscall(uint64_t), Name##_interrupt(uint64_t);                   \
  extern char Name##_gs[];
#include "sequences.def"
#define ACCESS(Name, Gs) void Name(uint64_t);
#include "accesses.def"

static const struct variant variants[] = {
#define SEQUENCE(Text, Name)                                                   \
  {"crossings", Text ": system call", Name##_syscall, 1,                       \
   2000,        (uint64_t)Name##_gs},                                          \
      {"crossings", Text ": interrupt", Name##_interrupt, 1,                   \
       2000,        (uint64_t)Name##_gs},
#include "sequences.def"
#define ACCESS(Name, Gs) {"accesses", #Name, Name, ACCESSES, 500, Gs},
#include "accesses.def"
    {"bases", "nothing", nothing, 16, 500, GS_NOT_USED},
    {"bases", "rdfsbase", read_fs, 16, 500, GS_NOT_USED},
    {"bases", "wrfsbase", write_fs, 16, 500, GS_NOT_USED},
    {"bases", "wrgsbase", write_gs, 16, 500, GS_KERNEL},
    {"bases", "wrfsbase twice", swap_fs, 16, 500, GS_NOT_USED},
    {"bases", "wrfsbase twice, %fs used between", swap_fs_used, 16, 500,
     GS_NOT_USED},
    {"bases", "lfence", lfence, 16, 500, GS_NOT_USED},
    {"bases", "pushfq popfq", popfq, 16, 500, GS_NOT_USED},
    {"bases", "Linux system call getppid", null_call, 16, 20, GS_NOT_USED},
    {"bases", "Linux system call arch_prctl(ARCH_SET_FS)", arch_prctl_set_fs,
     16, 20, GS_NOT_USED},
};

static uint64_t begin_cycles(void) {
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc\n\tlfence"
                   : "=a"(low), "=d"(high)
                   :
                   : "memory");
  return (uint64_t)high << 32 | low;
}
static uint64_t end_cycles(void) {
  uint32_t low, high;
  __asm__ volatile("rdtscp\n\tlfence"
                   : "=a"(low), "=d"(high)
                   :
                   : "rcx", "memory");
  return (uint64_t)high << 32 | low;
}

static double cycles_of(const struct variant *v) {
  set_gs(v->gs);
  uint64_t begin = begin_cycles();
  v->run(v->loops);
  uint64_t end = end_cycles();
  return (double)(end - begin) / v->loops / v->per_loop;
}

/* The slots that the entry macros use, in a TCB. */
static void prepare_tcb(uint64_t *tcb) {
  uint64_t top = (uint64_t)(kernel_stack + sizeof(kernel_stack));
  memcpy((char *)tcb + SEGSHIFT_SLOT_SYSCALL_STACK, &top, 8);
}

int main(int argc, char **argv) {
  const struct variant *chosen[LENGTH(variants)];
  unsigned n = 0;
  int rounds = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
  for (unsigned i = 0; argc > 1 && i != LENGTH(variants); ++i)
    if (!strcmp(variants[i].group, argv[1]))
      chosen[n++] = &variants[i];
  if (!n || rounds <= 0) {
    fprintf(stderr, "usage: cycles crossings|bases|accesses ROUNDS\n");
    return 2;
  }
  if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE)) {
    fprintf(stderr, "cycles: this CPU or kernel has no FSGSBASE for processes: "
                    "GS cannot be set\n");
    return 1;
  }

  kernel.tcb[0] = (uint64_t)kernel.tcb;
  /* The sequences with kernel TLS in FS use the process's own TCB, at offsets
     that glibc leaves free there. */
  prepare_tcb((uint64_t *)get_fs());
  percpu_area.copy.offset = sizeof(struct percpu);

  double *samples = calloc((size_t)n * rounds, sizeof(*samples));
  unsigned *order = calloc(n, sizeof(*order));
  if (!samples || !order)
    return 1;
  for (unsigned i = 0; i != n; ++i) {
    order[i] = i;
    cycles_of(chosen[i]); /* fills the caches */
  }
  srand(1);
  for (int round = 0; round != rounds; ++round) {
    for (unsigned i = n - 1; i != 0; --i) {
      unsigned j = rand() % (i + 1), t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    for (unsigned i = 0; i != n; ++i)
      samples[order[i] * rounds + round] = cycles_of(chosen[order[i]]);
  }
  for (unsigned i = 0; i != n; ++i) {
    printf("%s\t", chosen[i]->name);
    for (int round = 0; round != rounds; ++round)
      printf(" %.3f", samples[i * rounds + round]);
    putchar('\n');
  }
  return 0;
}
