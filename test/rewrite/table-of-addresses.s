// A jump table of addresses in text, reached as `jmp *table(,%reg,8)`: the code
// that only the table leads to is read, in objects and in images, by the
// rewriter and by the audit. A literal in front of it is data.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
// RUN: %llvm/ld.lld -e f %t.o -o %t.elf
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.elf %t.elf | FileCheck %s
// RUN: not %segshift audit %t.o | FileCheck %s --check-prefix=AUDIT
// RUN: not %segshift audit %t.elf | FileCheck %s --check-prefix=AUDIT
// AUDIT: finding: memory access through %fs:0x28 (stack-protector canary), in f+0x28
// AUDIT: finding: memory access through %fs:0x0 (thread pointer), in f+0x32

// CHECK-NOT: {{move|refuse}}
// CHECK: move canary: {{.*}} (f+0x28): {{.*}}movq %fs:0x28, %rax
// CHECK-NEXT: move thread-pointer: {{.*}} (f+0x32): {{.*}}movq %fs:0x0, %rax
// CHECK-NEXT: move canary: {{.*}} (label+0xe): {{.*}}movq %fs:0x28, %rax
// CHECK-NOT: {{move|refuse}}
  .text
  .globl f
  .type f, @function
f:
  movsd literal(%rip), %xmm0
  jmp *table(,%rdi,8)
  .balign 8
literal:
  .quad 0x2825048b4864
table:
  .quad one, two
one:
  movq %fs:0x28, %rax
  ret
two:
  movq %fs:0, %rax
  ret
  .size f, . - f

// The relocation is the immediate's: `one` below is a label, no literal.
  .globl label
  .type label, @function
label:
  movq $1f, (,%rax,8)
  jmp *%rdx
1:
  movq %fs:0x28, %rax
  ret
  .size label, . - label
