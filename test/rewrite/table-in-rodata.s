// Code that only a table in a data section leads to, behind a literal in text:
// the rewriter reads it as code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
// CHECK: move canary: .text+0x20 (f+0x20): {{.*}}movq %fs:0x28, %rax
  .text
  .globl f
  .type f, @function
f:
  movsd literal(%rip), %xmm0
  movq table(,%rdi,8), %rax
  jmp *%rax
  .balign 8
literal:
  .quad 0x2825048b4864
.Lone:
  movq %fs:0x28, %rax
  ret
  .size f, . - f

  .section .rodata,"a"
table:
  .quad .Lone
