// Bytes that look like an FS use inside another instruction stay.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --summary -o %t.gs.o %t.o | FileCheck %s
// RUN: cmp %t.o %t.gs.o
// CHECK: 0 in all
  .text
  .type f, @function
f:
  movabsq $0x2825048b4864, %rax    # 64 48 8b 04 25 28 00 00
  movl $0x00078b64, 4(%rdi)        # 64 8b 07 00
  leaq 0x48b4864(%rdi), %rdx
  movq %rax, 24(%rsp,%riz)         # 64 24: a SIB byte
  movq %r12, 8(%rsp)
  .byte 0x64, 0x90                 # a nop with a prefix reaches no memory
  .byte 0x64, 0x0f, 0x1f, 0x00
  ret
  .size f, . - f
