// Code that jumps behind a lock prefix reaches one FS use by two ways, and it
// moves. Jumps that lead to two different instructions on the same bytes: refused.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: not %segshift rewrite -o %t.gs.o %t.o 2>&1 | FileCheck %s
// RUN: %clang -c -Wa,--defsym,GOOD=1 %s -o %t.good.o
// RUN: %segshift rewrite --verify -o %t.gs.o %t.good.o
// RUN: %llvm/llvm-objdump -d %t.gs.o | FileCheck %s --check-prefix=CODE
// CHECK: error: {{.*}} (twice+0x{{[0-9a-f]+}}): 64 8b 04 25 28 00 00 00: movl %fs:0x28, %eax: unknown FS use: jumps lead to two instructions
// CHECK-NOT: error
// CODE-NOT: %fs:
// CODE: lock
// CODE: %gs:(%rax)
  .text
  .type locked, @function
locked:
  movq var@gottpoff(%rip), %rax
  cmpl $0, flag(%rip)
  je 1f
  .byte 0xf0
1: .byte 0x64, 0x83, 0x00, 0x01    # addl $1, %fs:(%rax)
  leaq locked(%rip), %rcx
  ret
  .size locked, . - locked
  .ifndef GOOD
  .type twice, @function
twice:
  testl %edi, %edi
  je 2f
  .byte 0xb8                       # movl $0x25048b64, %eax
2: .byte 0x64, 0x8b, 0x04, 0x25    # movl %fs:0x28, %eax
  .byte 0x28, 0, 0, 0
  ret
  .size twice, . - twice
  .endif
  .section .tbss,"awT",@nobits
var: .long 0
