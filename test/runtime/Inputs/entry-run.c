/* Checks what the entry macros give to the kernel and back to the application.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <segshift/entry.h>
#include <segshift/tls.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

struct registers {
  uint64_t rax, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15;
  uint64_t rflags, rcx, rsp;
};

int application(long kind, struct registers *registers);
extern char back[];
extern uint64_t app_rsp;

static int failures;
static struct segshift_frame seen;
static char syscall_stack[16384] __attribute__((aligned(16)));

#define EXPECT(name, found, expected)                                          \
  do {                                                                         \
    uint64_t f_ = (uint64_t)(found), e_ = (uint64_t)(expected);                \
    if (f_ != e_) {                                                            \
      printf("%s: %#lx, expected %#lx\n", name, (long)f_, (long)e_);           \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static void in_kernel(struct segshift_frame *frame) {
  uint64_t flags;
  __asm__ volatile("pushfq; popq %0" : "=r"(flags));
  EXPECT("DF in the kernel", flags & 0x400, 0);
  EXPECT("frame's alignment", (uintptr_t)frame % 16, 0);
  seen = *frame;
  frame->rax = 0xfeedface;
}

void handle_syscall(struct segshift_frame *frame) {
  EXPECT("system call's stack", (char *)frame,
         syscall_stack + sizeof(syscall_stack) - SEGSHIFT_FRAME_SIZE);
  in_kernel(frame);
}
void handle_trap(struct segshift_frame *frame) { in_kernel(frame); }

static void run(long kind, uint64_t vector, uint64_t error, uint64_t rflags) {
  const struct registers before = {
      0xa001, 0xa002, 0xa003, 0xa004, 0xa005, 0xa006, 0xa007, 0xa008, 0xa009,
      0xa00a, 0xa00b, 0xa00c, 0xa00d, 0xa00e, rflags, 0,      0};
  struct registers after = before;
  int intact = application(kind, &after);
  printf("kind %ld rflags %#lx\n", kind, (long)rflags);

  EXPECT("red zone and rsp intact", intact, 1);
  EXPECT("rsp", after.rsp, app_rsp);
  EXPECT("rflags", after.rflags & 0xcd5, rflags & 0xcd5);
  EXPECT("frame.vector", seen.vector, vector);
  EXPECT("frame.error", seen.error, error);
  EXPECT("frame.rip", seen.rip, back);
  EXPECT("frame.cs", seen.cs, 0x33);
  EXPECT("frame.ss", seen.ss, 0x2b);
  EXPECT("frame.rsp", seen.rsp, app_rsp);
  EXPECT("frame.rflags", seen.rflags, rflags);
  EXPECT("frame.rax", seen.rax, before.rax);
  EXPECT("rax", after.rax, 0xfeedface);
#define SAME(reg)                                                              \
  EXPECT("frame." #reg, seen.reg, before.reg);                                 \
  EXPECT(#reg, after.reg, before.reg)
  SAME(rdx);
  SAME(rsi);
  SAME(rdi);
  SAME(r8);
  SAME(r9);
  SAME(r10);
  SAME(rbx);
  SAME(rbp);
  SAME(r12);
  SAME(r13);
  SAME(r14);
  SAME(r15);
  if (kind == 0) {
    EXPECT("rcx", after.rcx, back);
    EXPECT("r11", after.r11, rflags);
  } else {
    SAME(r11);
    EXPECT("frame.rcx", seen.rcx, 0x1234567);
    EXPECT("rcx", after.rcx, 0x1234567);
  }
}

int main(void) {
  struct segshift_tls_image image = {.align = 1};
  struct segshift_tls_layout layout;
  static char block[256] __attribute__((aligned(64)));
  if (segshift_tls_layout(&layout, &image, 16) || layout.size > sizeof(block))
    return 1;
  char *tp = segshift_tls_init(block, &layout, &image, 0, 0);
  *(void **)(tp + SEGSHIFT_SLOT_SYSCALL_STACK) =
      syscall_stack + sizeof(syscall_stack);
  if (syscall(SYS_arch_prctl, SEGSHIFT_ARCH_SET_GS, tp))
    return 1;

  const uint64_t plain = 0x202, noisy = 0x202 | 0x8d5; /* CF PF AF ZF SF OF */
  run(0, SEGSHIFT_VECTOR_SYSCALL, 0xa001, plain);
  run(0, SEGSHIFT_VECTOR_SYSCALL, 0xa001, noisy | 0x400); /* DF */
  run(1, 14, 0, plain);
  run(1, 14, 0, noisy | 0x400);
  run(2, 2, 0, plain);
  run(2, 2, 0, noisy | 0x400);
  puts(failures ? "FAILED" : "ok");
  return failures != 0;
}
