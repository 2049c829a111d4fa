// On-purpose FS stays: moves of bases and selectors always, memory accesses by
// --keep-fs and --keep-section.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --keep-fs='^user_' --keep-section=.text.app --verify \
// RUN:   --dump-plan -o %t.gs.o %t.o | FileCheck %s
// RUN: %llvm/llvm-objdump -d --no-show-raw-insn %t.gs.o \
// RUN:   | FileCheck %s --check-prefix=CODE
// RUN: not %segshift rewrite --keep-fs='(' --dump-plan %t.o 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BAD
// BAD: error: --keep-fs: '(':

  .text
// Nothing in this function is a memory access through FS.
// CODE-LABEL: <base>:
// CODE-NEXT: rdfsbaseq %rax
// CODE-NEXT: wrfsbaseq %rax
// CODE-NEXT: {{mov[wl]}} %fs, %eax
// CODE-NEXT: {{mov[wl]}} %eax, %fs
// CODE-NEXT: pushq %fs
// CODE-NEXT: popq %fs
// CODE-NEXT: leaq %fs:(%rdi), %rax
  .type base, @function
base:
  rdfsbase %rax
  wrfsbase %rax
  mov %fs, %eax
  mov %eax, %fs
  push %fs
  pop %fs
  .byte 0x64, 0x48, 0x8d, 0x07
  ret
  .size base, . - base

// CODE-LABEL: <user_read>:
// CODE-NEXT: movl %fs:(%rdi), %eax
// CHECK: keep on-purpose: .text+0x{{.*}} (user_read+0x0): {{.*}} # --keep-fs
  .type user_read, @function
user_read:
  movl %fs:(%rdi), %eax
  ret
  .size user_read, . - user_read

// CODE-LABEL: <kernel>:
// CODE-NEXT: movq %gs:0x28, %rax
// CHECK-NEXT: move canary: .text+0x{{.*}} (kernel+0x0)
  .type kernel, @function
kernel:
  movq %fs:0x28, %rax
  ret
  .size kernel, . - kernel

  .section .text.app,"ax",@progbits
// CODE-LABEL: <start>:
// CODE-NEXT: movq %fs:0x0, %rax
// CHECK-NEXT: keep on-purpose: .text.app+0x0 (start+0x0): {{.*}} # --keep-section
  .type start, @function
start:
  movq %fs:0, %rax
  ret
  .size start, . - start
// CHECK-NOT: {{^}}{{.*}}.o:
