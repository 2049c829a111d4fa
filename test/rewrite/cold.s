// The cold part of a function uses the registers of the hot part, in another
// section; a landing pad and the cases of a switch use those of their function.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
  .text
  .globl hot
  .type hot, @function
hot:
  movq var@gottpoff(%rip), %rbx
  testl %edi, %edi
  jne hot.cold
// CHECK: move initial-exec: .text+{{.*}} (hot+
  movl %fs:(%rbx), %eax
  ret
  .size hot, . - hot

  .type switch, @function
switch:
  movq var@gottpoff(%rip), %r8
  leaq .Ltable(%rip), %rcx
  movslq (%rcx,%rdi,4), %rax
  addq %rcx, %rax
  jmp *%rax
.Lcase0:
// CHECK: move initial-exec: .text+{{.*}} (switch+
  movl %fs:(%r8), %eax
  ret
// Padding that nothing reaches does not spoil what comes behind it.
  nopw 0(%rax,%rax)
.Lcase1:
// CHECK: move initial-exec: .text+{{.*}} (switch+
  movl $1, %fs:(%r8)
  ret
  .size switch, . - switch

// A second switch, so that its cases are not taken for those of the first.
  .type switch2, @function
switch2:
  xorl %r8d, %r8d
  jmp *.Ltable2(,%rdi,8)
.Lcase2:
  movq var@gottpoff(%rip), %r8
  call g
  jmp .Lcase3
.Lcase3:
  ret
  .size switch2, . - switch2

  .type pad, @function
pad:
  movq var@gottpoff(%rip), %rbx
  call g
  ret
// The landing pad: only the exception tables know it.
// CHECK: move initial-exec: .text+{{.*}} (pad+
  movl %fs:(%rbx), %eax
  call _Unwind_Resume
  .size pad, . - pad

  .section .text.unlikely,"ax",@progbits
  .type hot.cold, @function
hot.cold:
// CHECK: move initial-exec: .text.unlikely+0x0 (hot.cold+0x0)
  movl $0, %fs:(%rbx)
  ret
  .size hot.cold, . - hot.cold

  .section .rodata,"a",@progbits
.Ltable:
  .long .Lcase0 - .Ltable, .Lcase1 - .Ltable
.Ltable2:
  .quad .Lcase2, .Lcase3

  .section .tbss,"awT",@nobits
var: .long 0
