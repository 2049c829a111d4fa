/* The kernel of ring3.S. Ends with a program's verdict for the runner: exit
 * status 0, or a number that says what failed.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define SEGSHIFT_APP_RING 3
#include <segshift/entry.h>
#include <segshift/tls.h>

extern const char tdata[], tdata_end[], tls_end[];
extern const size_t tls_align;
extern char syscall_entry[], syscall_entry_end[], db_entry[], bp_entry[],
    fatal_entry[], kernel_stack_top[];
extern uint64_t gdt[], user_gs_values[], cpu_tp;
extern uint64_t *db_stack_top[];
_Noreturn void enter_application(uint64_t fsgsbase);

__thread int syscalls = 1000, traps;

static void *tp;
static uint64_t user_gs, steps_before_swapgs, steps_after_swapgs;

static void out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(uint16_t port, const char *text) {
  while (*text)
    out8(port, (uint8_t)*text++);
}

static void print_number(uint16_t port, uint64_t n) {
  char digits[24], *p = digits + sizeof(digits) - 1;
  for (*p = 0; p == digits + sizeof(digits) - 1 || n; n /= 10)
    *--p = (char)('0' + n % 10);
  print(port, p);
}

/* Reached from states in which TLS is not to be had. */
__attribute__((no_stack_protector)) _Noreturn void finish(int status) {
  enum { Out = 0x2f8, Control = 0x2e8 };
  print(Out, steps_before_swapgs ? "stepped before swapgs\n" : "");
  print(Out, steps_after_swapgs ? "stepped after swapgs\n" : "");
  print(Control, "exit ");
  print_number(Control, (uint64_t)status);
  print(Control, "\ndone\n");
  out8(0xf4, 0);
  for (;;)
    __asm__ volatile("hlt");
}
_Noreturn void __stack_chk_fail(void) { finish(99); }

#define CHECK(number, condition)                                               \
  do {                                                                         \
    if (!(condition))                                                          \
      finish(number);                                                          \
  } while (0)

void handle_syscall(struct segshift_frame *frame) {
  CHECK(1, segshift_tp() == tp && segshift_read_gs_base() == (uintptr_t)tp);
  CHECK(2, segshift_read_kernel_gs_base() == user_gs);
  CHECK(3, frame->cs == 0x23 && frame->ss == 0x1b);
  ++syscalls;
  switch (frame->rax) {
  case 0:
    CHECK(4, frame->rdi == 0);
    CHECK(5, syscalls == 1000 + 2 * 6 + 1 && traps == 2 * 6);
    CHECK(6, steps_before_swapgs && steps_after_swapgs);
    finish(0);
  case 1:
    __asm__ volatile("int3"); /* from the kernel: no swapgs */
    frame->rax = 0xcafe;
    break;
  case 2:
    user_gs = frame->rdi;
    segshift_write_kernel_gs_base(user_gs);
    break;
  default:
    finish(frame->rdi ? (int)frame->rdi : 7);
  }
}

void handle_bp(struct segshift_frame *frame) {
  CHECK(10, segshift_tp() == tp && segshift_read_gs_base() == (uintptr_t)tp);
  CHECK(11, segshift_read_kernel_gs_base() == user_gs);
  CHECK(12, frame->vector == 3);
  ++traps;
}

void handle_db(struct segshift_frame *frame, uint64_t gs_before) {
  CHECK(20, segshift_tp() == tp && segshift_read_gs_base() == (uintptr_t)tp);
  CHECK(21, syscalls >= 1000);
  if (frame->cs != 0x08 || gs_before == (uintptr_t)tp)
    return;
  /* In ring 0, with the application's GS. */
  CHECK(22, gs_before == user_gs);
  if (frame->rip >= (uintptr_t)syscall_entry &&
      frame->rip < (uintptr_t)syscall_entry_end)
    ++steps_before_swapgs;
  else
    ++steps_after_swapgs;
}

static struct gate {
  uint16_t low, selector;
  uint8_t ist, type;
  uint16_t middle;
  uint32_t high, reserved;
} idt[256];

static struct __attribute__((packed)) {
  uint32_t reserved;
  uint64_t rsp[3], reserved1, ist[7], reserved2;
  uint16_t reserved3, io_map;
} tss;

static void set_gate(int vector, const char *entry, uint8_t ist, uint8_t dpl) {
  uint64_t address = (uintptr_t)entry;
  idt[vector] = (struct gate){.low = (uint16_t)address,
                              .selector = 0x08,
                              .ist = ist,
                              .type = (uint8_t)(0x8e | dpl << 5),
                              .middle = (uint16_t)(address >> 16),
                              .high = (uint32_t)(address >> 32)};
}

static char block[4096] __attribute__((aligned(64)));

__attribute__((no_stack_protector)) void kernel_main(void) {
  segshift_base_init(true);
  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  CHECK(30, !segshift_tls_image_from_symbols(&image, tdata, tdata_end, tls_end,
                                             tls_align));
  CHECK(31, !segshift_tls_layout(&layout, &image, 16));
  CHECK(32, layout.size <= sizeof(block));
  tp = segshift_tls_init(block, &layout, &image, 0x1234567812345600, 0);
  CHECK(33, tp != 0);
  cpu_tp = (uintptr_t)tp;
  segshift_set_tp(tp);
  *(void **)((char *)tp + SEGSHIFT_SLOT_SYSCALL_STACK) = kernel_stack_top;
  user_gs_values[4] = (uintptr_t)tp;
  /* A base of 0 looks like a TCB that points to itself. */
  __asm__ volatile("movq $0, 0" : : : "memory");

  for (int vector = 0; vector < 32; ++vector)
    set_gate(vector, fatal_entry, 1, 0);
  set_gate(1, db_entry, 1, 0);
  set_gate(3, bp_entry, 0, 3);
  *db_stack_top = &cpu_tp;
  tss.rsp[0] = (uintptr_t)kernel_stack_top;
  tss.ist[0] = (uintptr_t)db_stack_top;
  tss.io_map = sizeof(tss);
  uint64_t base = (uintptr_t)&tss;
  gdt[5] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
           (base >> 24 & 0xff) << 56;
  gdt[6] = base >> 32;

  struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } idtr = {sizeof(idt) - 1, (uintptr_t)idt};
  __asm__ volatile("lidt %0; ltr %w1" : : "m"(idtr), "r"(0x28));

  segshift_wrmsr(0xc0000081, 0x08ull << 32 | 0x13ull << 48); /* STAR */
  segshift_wrmsr(0xc0000082, (uintptr_t)syscall_entry);
  segshift_wrmsr(0xc0000084, SEGSHIFT_SFMASK & ~0x100); /* TF stays on */
  enter_application(segshift_fsgsbase);
}
