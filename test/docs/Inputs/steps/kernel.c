/* A kernel whose thread-locals are behind FS, in one address space with a
 * program of two threads, and what each step of docs/quick-start.md makes of
 * it: STEP is 1 to 6.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "slots.h"
#include <stddef.h>
#include <stdint.h>
#if STEP >= 3
#include <segshift/app_fs.h>
#include <segshift/tls.h>
#endif

#define FS_BASE 0xc0000100
#define GS_BASE 0xc0000101
#define NOWHERE 0x5e65dead0000

extern char __tdata[], __tdata_end[], __tbss_end[];
extern const char __tls_align[];
extern char syscall_entry[], breakpoint_entry[], start_thread[];
extern char program[], block1[], block2[];
void switch_stack(uint64_t *from, uint64_t to);

__thread int breakpoints = 40; /* entries.S counts */
static __thread int calls = 100;
static __thread char name[16];

struct thread {
  struct thread *other;
  uint64_t rsp;
  _Alignas(16) char stack[4096], stack_end[16];
  int ended;
#if STEP < 5
  uint64_t tcb, app_fs; /* FS in the kernel, and in the program */
#else
  struct segshift_app_fs app_fs;
#endif
#if STEP >= 3
  void *tp;
#endif
} threads[2] = {{threads + 1}, {threads}};

struct cpu {
  unsigned switches;
} cpu;

static void write_msr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr"
                   :
                   : "c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                   : "memory");
}

__attribute__((noreturn)) static void finish(const char *text, int status) {
  for (; *text; ++text)
    __asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)0x3f8));
  for (;;)
    __asm__ volatile("outb %0, %1"
                     :
                     : "a"((uint8_t)status), "Nd"((uint16_t)0xf4));
}

static void check(int right, const char *what) {
  if (!right)
    finish(what, 2);
}

__attribute__((noreturn)) void __stack_chk_fail(void) {
  finish("stack smashed\n", 2);
}

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i != size; ++i)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i != size; ++i)
    ((char *)to)[i] = (char)byte;
  return to;
}

/* The words of slots.h, for the thread that runs or will run. */
static uint64_t *slot(struct thread *thread, size_t offset) {
#if STEP < 3
  static _Alignas(64) char block[SLOTS + SLOT_BYTES]; /* one for the CPU */
  return (uint64_t *)(block + offset);
#else
  return (uint64_t *)((char *)thread->tp + offset);
#endif
}

static struct thread *running(void) {
  struct thread *thread;
#if STEP < 3
  __asm__ volatile("movq %%fs:0x10, %0" : "=r"(thread));
#else
  __asm__ volatile("movq %%gs:%c1, %0" : "=r"(thread) : "i"(SLOT_LAST));
#endif
  return thread;
}

#if STEP < 3
static struct cpu *this_cpu(void) {
  struct cpu *its;
  __asm__ volatile("movq %%gs:%c1, %0" : "=r"(its) : "i"(SLOT_LAST));
  return its;
}
#else
static __thread struct cpu *its_cpu;
static struct cpu *this_cpu(void) { return its_cpu; }

/* Of the thread that comes: not in one function with the switch. */
__attribute__((noinline)) static void set_cpu(struct cpu *its) {
  its_cpu = its;
}
#endif

#if STEP < 5
static void make_fs_block(struct thread *thread, uint64_t canary) {
  static _Alignas(4096) char memory[2][4096];
  size_t align = (size_t)__tls_align;
  size_t size = (__tbss_end - __tdata + align - 1) & -align;
  uint64_t *tcb = (uint64_t *)(memory[thread - threads] + 2048);
  memcpy((char *)tcb - size, __tdata, __tdata_end - __tdata);
  tcb[0] = (uint64_t)tcb;
  tcb[2] = (uint64_t)thread; /* %fs:0x10 */
  tcb[5] = canary;
  thread->tcb = (uint64_t)tcb;
}
#endif

#if STEP >= 3
static void make_gs_block(struct thread *thread, uint64_t canary) {
  static _Alignas(4096) char memory[2][4096];
  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  check(!segshift_tls_image_from_symbols(&image, __tdata, __tdata_end,
                                         __tbss_end, (size_t)__tls_align) &&
            !segshift_tls_layout(&layout, &image, SLOT_BYTES) &&
            layout.size <= sizeof(memory[0]),
        "layout\n");
  thread->tp =
      segshift_tls_init(memory[thread - threads], &layout, &image, canary, 0);
}
#endif

static void make_thread(struct thread *thread, uint64_t app_fs,
                        uint64_t canary) {
#if STEP < 5
  make_fs_block(thread, canary);
  thread->app_fs = app_fs;
#else
  thread->app_fs.base = app_fs;
#endif
#if STEP >= 3
  make_gs_block(thread, canary);
  *slot(thread, SLOT_STACK) = (uint64_t)thread->stack_end;
  *slot(thread, SLOT_LAST) = (uint64_t)thread;
#if STEP < 5
  *slot(thread, SLOT_TCB) = thread->tcb;
  *slot(thread, SLOT_APP_FS) = thread->app_fs;
#endif
#endif
}

#if STEP < 3
/* What is the thread's in the CPU's block. */
static void set_slots(struct thread *thread) {
  *slot(thread, SLOT_STACK) = (uint64_t)thread->stack_end;
  *slot(thread, SLOT_TCB) = thread->tcb;
  *slot(thread, SLOT_APP_FS) = thread->app_fs;
}
#endif

__attribute__((noinline)) static void switch_to(struct thread *to) {
  struct thread *from = running();
  struct cpu *its = this_cpu();
  ++its->switches;
#if STEP < 5
  write_msr(FS_BASE, to->tcb);
#else
  segshift_app_fs_switch(&from->app_fs, &to->app_fs);
#endif
#if STEP < 3
  set_slots(to);
#else
  segshift_set_tp(to->tp);
  set_cpu(its);
#endif
  switch_stack(&from->rsp, to->rsp);
}

#if STEP < 5
static void set_app_fs(uint64_t base) {
  struct thread *thread = running();
  thread->app_fs = base;
  *slot(thread, SLOT_APP_FS) = base;
}
#else
static void set_app_fs(uint64_t base) {
  static const struct segshift_app app = {SEGSHIFT_APP_ADDRESS_LIMIT, 0};
  check(!segshift_app_arch_prctl(&app, SEGSHIFT_ARCH_SET_FS, base), "prctl\n");
}
#endif

static void clone(uint64_t entry, uint64_t app_fs) {
  struct thread *thread = running()->other;
  uint64_t *rsp = (uint64_t *)thread->stack_end - 7; /* see switch_stack */
  make_thread(thread, app_fs, 0x2222222200);
  rsp[5] = entry; /* rbx */
  rsp[6] = (uint64_t)start_thread;
  thread->rsp = (uint64_t)rsp;
}

static void set_name(const char *text) {
  char buffer[16]; /* has a canary */
  memcpy(buffer, text, 4);
  memcpy(name, buffer, 4);
}

static void end(char *self, uint64_t count) {
  struct thread *thread = running();
  int first = thread == threads;
  check(self == (first ? block1 : block2), "the program's block\n");
  check(count == (first ? 103 : 203), "the program's variable\n");
  check(calls == (first ? 106 : 104), "calls\n");
  check(breakpoints == 43, "breakpoints\n");
  check(name[0] == (first ? 'o' : 't'), "name\n");
  thread->ended = 1;
  if (!thread->other->ended)
    switch_to(thread->other);
  check(this_cpu()->switches == 7, "switches\n");
  finish("right\n", 0);
}

void handle_syscall(int number, uint64_t first, uint64_t second) {
  ++calls;
  if (!name[0])
    set_name(running() == threads ? "one" : "two");
  switch (number) {
  case 0:
    return switch_to(running()->other);
  case 1:
    return set_app_fs(first);
  case 2:
    return clone(first, second);
  case 3:
    return end((char *)first, second);
  }
}

void handle_breakpoint(void) { check(breakpoints > 40, "breakpoint\n"); }

static void load_tables(void) {
  static uint64_t idt[8];
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) at = {sizeof(idt) - 1, (uint64_t)idt};
  uint64_t entry = (uint64_t)breakpoint_entry;
  idt[6] =
      (entry & 0xffff) | 8 << 16 | 0x8eull << 40 | (entry >> 16 & 0xffff) << 48;
  idt[7] = entry >> 32;
  __asm__ volatile("lidt %0" : : "m"(at));
  write_msr(0xc0000080, 0x501); /* EFER: long mode, SYSCALL */
  write_msr(0xc0000081, 8ull << 32);
  write_msr(0xc0000082, (uint64_t)syscall_entry);
  write_msr(0xc0000084, 0x47700);
}

__attribute__((no_stack_protector)) void kernel_main(void) {
#if STEP >= 3
  segshift_base_init(true);
#endif
#if STEP >= 6
  segshift_write_fs_base(NOWHERE);
#endif
  make_thread(threads, NOWHERE, 0x1111111100);
#if STEP < 5
  write_msr(FS_BASE, threads[0].tcb);
#else
  segshift_app_fs_load(&threads[0].app_fs);
#endif
#if STEP < 3
  set_slots(threads);
  *slot(threads, SLOT_LAST) = (uint64_t)&cpu;
  write_msr(GS_BASE, (uint64_t)slot(threads, 0));
#else
  segshift_set_tp(threads[0].tp);
  set_cpu(&cpu);
#endif
  load_tables();
  __asm__ volatile("jmp start_thread" : : "b"(program) : "memory");
  __builtin_unreachable();
}
