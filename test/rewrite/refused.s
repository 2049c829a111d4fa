// What the rewriter does not understand is an error that says where and what;
// nothing is written. --allow-unknown makes it a warning and leaves the bytes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: rm -f %t.gs.o
// RUN: not %segshift rewrite -o %t.gs.o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.gs.o
// RUN: %segshift rewrite --allow-unknown --verify -o %t.gs.o %t.o 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WARN
// RUN: cmp %t.o %t.gs.o
// WARN-COUNT-12: warning: {{.*}}.o: .text+0x{{.*}}: unknown FS use:
// WARN-NOT: FS use

  .text
  .globl f
  .type f, @function
f:
// A pointer that comes from anywhere.
// CHECK: error: {{.*}}refused.s.tmp.o: .text+0x0 (f+0x0): 64 8b 07: movl %fs:(%rdi), %eax: unknown FS use: no path shows
  movl %fs:(%rdi), %eax
// A register from a GOTTPOFF slot on one path only.
// CHECK: (f+0x{{.*}}): 64 8b 00: movl %fs:(%rax), %eax: unknown FS use: no path
  movq %rdi, %rax
  testl %edi, %edi
  je 1f
  movq var@gottpoff(%rip), %rax
1: movl %fs:(%rax), %eax
// A caller-saved register over a call.
// CHECK: movl %fs:(%rcx), %eax: unknown FS use: no path
  movq var@gottpoff(%rip), %rcx
  call g
  movl %fs:(%rcx), %eax
// The register was overwritten; half of it was overwritten.
// CHECK: movl %fs:(%rcx), %eax: unknown FS use: no path
// CHECK: movl %fs:(%rdx), %eax: unknown FS use: no path
  movq var@gottpoff(%rip), %rcx
  movq 8(%rdi), %rcx
  movl %fs:(%rcx), %eax
  movq var@gottpoff(%rip), %rdx
  movb $1, %dl
  movl %fs:(%rdx), %eax
// A C library's field, a narrow access to the canary, and an odd offset.
// CHECK: movq %fs:0x10, %rax: unknown FS use: offset 0x10 from the thread pointer is a C library's own; {{.*}} --tcb-offsets=0x10
  movq %fs:0x10, %rax
// CHECK: movl %fs:0x28, %eax: unknown FS use: offset 0x28
  movl %fs:0x28, %eax
// CHECK: movq %fs:-0x8, %rax: unknown FS use: offset -0x8 from the thread pointer without a TPOFF32 relocation
  movq %fs:-8, %rax
// Two different segment prefixes; an address that is a symbol's.
// CHECK: 65 64 8b 03: movl %fs:(%rbx), %eax: unknown FS use: more than one segment prefix
  .byte 0x65, 0x64, 0x8b, 0x03
// CHECK: unknown FS use: the address has a relocation of type R_X86_64_32S against object
  movl %fs:object, %eax
// CHECK: unknown FS use: the address {{.*}}R_X86_64_PC32 against object
  movl %fs:object(%rip), %eax
// An implicit memory operand.
// CHECK: 64 d7: xlatb: unknown FS use: an implicit memory operand
  .byte 0x64, 0xd7
  ret
  .size f, . - f
// CHECK-NOT: FS use

  .section .tbss,"awT",@nobits
var: .long 0
