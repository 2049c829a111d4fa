// What the plugin marked as on purpose stays, single instructions and longer
// pieces of code, and only that.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
// In a linked image the distances are numbers.
// RUN: %llvm/ld.lld -e f %t.o -o %t.elf
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs %t.elf | FileCheck %s
// Half a pair is an error, not a guess.
// RUN: %clang -c -Wa,--defsym,BAD=1 %s -o %t.bad.o
// RUN: not %segshift rewrite --dump-plan %t.bad.o 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: error: {{.*}}segshift_fs64
  .text
  .type f, @function
f:
// CHECK: keep on-purpose: {{.*}}(f+0x0): {{.*}}marked by the compiler plugin
1: movl %fs:(%rdi), %eax
// CHECK-NEXT: move canary: {{.*}}(f+0x3)
  movq %fs:0x28, %rax
// CHECK-NEXT: keep on-purpose: {{.*}}(f+0xc)
// CHECK-NEXT: keep on-purpose: {{.*}}(f+0xf)
2: movl %fs:(%rsi), %eax
  movl %fs:(%rdx), %eax
// CHECK-NEXT: move pointer-guard: {{.*}}(f+0x12)
3: xorq %fs:0x30, %rax
// CHECK-NEXT: keep on-purpose: {{.*}}(f+0x1b)
4: movq %fs:0, %rax
  ret
5:
  .size f, . - f
// CHECK-NEXT: move thread-pointer: {{.*}}(g+0x0)
  .type g, @function
g:
  movq %fs:0, %rax
  ret
  .size g, . - g
// CHECK-NOT: {{^}}{{.*}}: {{(keep|move)}}

  .section segshift_fs,"awo",@progbits,.text
  .long 4b - ., 5b - .
  .long 1b - ., 1b + 3 - .
  .long 2b - ., 3b - .
  .section segshift_fs64,"awo",@progbits,.text
  .quad 1b - ., 1b + 3 - .
  .ifdef BAD
  .quad 3b - .
  .endif
