/* Boots what docs/ring3.md shows: a program in ring 3 that changes its GS and
 * FS, a paranoid entry in the window between SYSCALL and swapgs, an iretq that
 * faults. The guide's own blocks are entries.S and switch.h.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define SEGSHIFT_APP_RING 3
#include <segshift/app_fs.h>
#include <segshift/entry.h>
#include <segshift/tls.h>

extern char __tdata[], __tdata_end[], __tbss_end[];
extern const char __tls_align[];
extern char syscall_entry[], breakpoint_entry[], protection_entry[],
    nmi_entry[], leave_iretq[];
extern char program[], stack_top[];

struct thread {
  void *tp;
  uint64_t gs;
  struct segshift_app_fs fs;
};
#include "switch.h"

static __thread int calls = 100, breakpoints, nmis;

static void put(const char *text) {
  for (; *text; ++text)
    __asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)0x3f8));
}

__attribute__((noreturn)) static void finish(const char *text, int status) {
  put(text);
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

/* Numbers in rax: 1 counts, 2 hits the window, 3 comes back to nowhere. rdi is
 * the program's GS base. */
void handle_syscall(struct segshift_frame *frame) {
  ++calls;
  check(segshift_read_kernel_gs_base() == frame->rdi, "GS of the program\n");
  check(segshift_read_fs_base() == 0x5e65dead0000, "FS of the program\n");
  if (frame->rax == 2)
    __asm__ volatile("cli; swapgs; int $2; swapgs; sti" ::: "memory");
  if (frame->rax == 3) {
    frame->rcx = 0;   /* not by sysretq */
    frame->cs = 0x4b; /* no such descriptor: iretq raises #GP, in ring 0 */
  }
}

void handle_trap(struct segshift_frame *frame) {
  if (frame->vector == 3) {
    ++breakpoints;
    return;
  }
  check(frame->rip == (uint64_t)leave_iretq, "unexpected #GP\n");
  check(calls == 103 && breakpoints == 2 && nmis == 2, "counts\n");
  finish("ring 3: right\n", 0);
}

void handle_paranoid(struct segshift_frame *frame) {
  check(frame->vector == 2, "vector\n");
  ++nmis;
}

static uint64_t gdt[8] = {0,
                          0x00af9b000000ffff, /* 0x08: kernel, code and data */
                          0x00cf93000000ffff,
                          0,
                          0x00cff3000000ffff, /* 0x20: program, data and code */
                          0x00affb000000ffff};
static struct {
  uint64_t low, high;
} idt[32];
static struct {
  uint32_t reserved;
  uint64_t rsp[3], reserved2, ist[7], reserved3;
  uint32_t reserved4;
} __attribute__((packed)) tss;

static void gate(int vector, const char *entry, int ist, int ring) {
  uint64_t at = (uint64_t)entry;
  idt[vector].low = (at & 0xffff) | 8ull << 16 | (uint64_t)ist << 32 |
                    (0x8eull | ring << 5) << 40 | (at >> 16 & 0xffff) << 48;
  idt[vector].high = at >> 32;
}

static void load_tables(void) {
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) g = {sizeof(gdt) - 1, (uint64_t)gdt},
                            i = {sizeof(idt) - 1, (uint64_t)idt};
  uint64_t at = (uint64_t)&tss;
  tss.rsp[0] = (uint64_t)stack_top;
  tss.ist[0] = (uint64_t)&nmi_stack.note;
  gdt[6] = (sizeof(tss) - 1) | (at & 0xffffff) << 16 | 0x89ull << 40 |
           (at >> 24 & 0xff) << 56;
  gdt[7] = at >> 32;
  gate(2, nmi_entry, 1, 3);
  gate(3, breakpoint_entry, 0, 3);
  gate(13, protection_entry, 0, 0);
  /* The PIC's interrupts have no gates: masked. */
  __asm__ volatile("outb %0, $0x21; outb %0, $0xa1" : : "a"((uint8_t)0xff));
  __asm__ volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(g), "m"(i), "r"(0x30));
  segshift_wrmsr(0xc0000080, 0x501); /* EFER: long mode, SYSCALL */
  segshift_wrmsr(0xc0000081, 0x18ull << 48 | 8ull << 32);
  segshift_wrmsr(0xc0000082, (uint64_t)syscall_entry);
  segshift_wrmsr(0xc0000084, SEGSHIFT_SFMASK);
}

__attribute__((no_stack_protector)) void kernel_main(void) {
  static _Alignas(4096) char memory[4096];
  static struct thread boot, thread;
  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  segshift_base_init(true);
  uint64_t with = segshift_fsgsbase;
  if (segshift_tls_image_from_symbols(&image, __tdata, __tdata_end, __tbss_end,
                                      (size_t)__tls_align) ||
      segshift_tls_layout(&layout, &image, 16) || layout.size > 4096)
    finish("layout\n", 3);
  thread.tp = segshift_tls_init(memory, &layout, &image, 0x1234567800, 0);
  *(uint64_t *)((char *)thread.tp + SEGSHIFT_SLOT_SYSCALL_STACK) =
      (uint64_t)stack_top;
  thread.gs = 0x1111000;
  thread.fs.base = 0x5e65dead0000;
  switch_thread_pointer(&boot, &thread);
  load_tables();
  /* To ring 3, by the way that an exit takes; interrupts stay off. */
  __asm__ volatile("movq %1, %%rbx\n\t"
                   "pushq $0x23\n\tpushq %%rsp\n\tpushq $2\n\tpushq $0x2b\n\t"
                   "pushq %0\n\tswapgs\n\tiretq"
                   :
                   : "r"(program), "r"(with)
                   : "memory", "rbx");
  __builtin_unreachable();
}
