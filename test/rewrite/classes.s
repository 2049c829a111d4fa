// Each class of FS use in an object, and that nothing but prefix bytes changes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
// RUN: %llvm/llvm-objdump -d %t.gs.o | FileCheck %s --check-prefix=CODE
// Only 0x64 became 0x65 (cmp prints octal), and a second run changes nothing.
// RUN: not cmp -l %t.o %t.gs.o | awk '{ print $2, $3 }' | sort | uniq -c \
// RUN:   | FileCheck %s --check-prefix=BYTES
// RUN: %segshift rewrite -o %t.gs2.o %t.gs.o
// RUN: cmp %t.gs.o %t.gs2.o
// CODE-NOT: %fs:
// BYTES: 22 144 145
// BYTES-NOT: {{[0-9]}}

  .text
  .globl f
  .type f, @function
f:
// CHECK: move local-exec: .text+0x0 (f+0x0): 64 8b 04 25 00 00 00 00: movl %fs:0x0, %eax # TPOFF32 relocation: var
  movl %fs:var@tpoff, %eax
// CHECK-NEXT: move local-exec: {{.*}}: movl %fs:(%rax,%rcx,4), %eax # TPOFF32
  movl %fs:var@tpoff(%rax,%rcx,4), %eax
// CHECK-NEXT: move thread-pointer: {{.*}}: movq %fs:0x0, %rax
  movq %fs:0, %rax
// CHECK-NEXT: move canary: {{.*}}: movq %fs:0x28, %rax
  movq %fs:0x28, %rax
// CHECK-NEXT: move canary: {{.*}}: subq %fs:0x28, %rdx
  subq %fs:0x28, %rdx
// CHECK-NEXT: move pointer-guard: {{.*}}: xorq %fs:0x30, %rdi
  xorq %fs:0x30, %rdi
// CHECK-NEXT: move split-stack: {{.*}}: cmpq %fs:0x70, %rsp
  cmpq %fs:0x70, %rsp
// CHECK-NEXT: move initial-exec: {{.*}}: movl %fs:(%rbx), %eax # register from a GOTTPOFF slot
  movq var@gottpoff(%rip), %rbx
  movl %fs:(%rbx), %eax
// An offset plus an index, a member behind it, and a copy of the offset.
// CHECK-NEXT: move initial-exec: {{.*}}: movl %fs:0x8(%rbx,%rdi,8), %eax
  movl %fs:8(%rbx,%rdi,8), %eax
// CHECK-NEXT: move initial-exec: {{.*}}: movl %fs:(%r12), %eax
  leaq 16(%rbx,%rsi), %r12
  movl %fs:(%r12), %eax
// A callee-saved register over a call, and a spill to the stack.
// CHECK-NEXT: move initial-exec: {{.*}}: movl $0x1, %fs:(%rbx)
  movq %rbx, 8(%rsp)
  call g
  movl $1, %fs:(%rbx)
// CHECK-NEXT: move initial-exec: {{.*}}: movl %fs:(%rdx), %eax
  movq 8(%rsp), %rdx
  movl %fs:(%rdx), %eax
// A constant.
// CHECK-NEXT: move local-exec: {{.*}}: movb %fs:(%rcx), %al # register from an x@tpoff constant
  movq $var@tpoff, %rcx
  movb %fs:(%rcx), %al
// The prefix stands anywhere among the legacy prefixes.
// CHECK-NEXT: move initial-exec: {{.*}}: f0 64 83 03 01: lock addl $0x1, %fs:(%rbx)
  .byte 0xf0, 0x64, 0x83, 0x03, 0x01
// CHECK-NEXT: move initial-exec: {{.*}}: 64 f0 83 03 01: lock addl $0x1, %fs:(%rbx)
  .byte 0x64, 0xf0, 0x83, 0x03, 0x01
// CHECK-NEXT: move initial-exec: {{.*}}: 66 64 c7 03 01 00: movw $0x1, %fs:(%rbx)
  .byte 0x66, 0x64, 0xc7, 0x03, 0x01, 0x00
// CHECK-NEXT: move initial-exec: {{.*}}: f3 64 a4: rep movsb %fs:(%rsi), %es:(%rdi)
  movq %rbx, %rsi
  .byte 0xf3, 0x64, 0xa4
// Assemblers repeat a prefix to pad: both move.
// CHECK-NEXT: move initial-exec: {{.*}}: 64 64 8b 03: movl %fs:(%rbx), %eax
  .byte 0x64, 0x64, 0x8b, 0x03
// A REX prefix in front of the segment prefix is void; the segment is not.
// CHECK-NEXT: move initial-exec: {{.*}}: 48 64 8b 03: movl %fs:(%rbx), %eax
  .byte 0x48, 0x64, 0x8b, 0x03
// XOP encodings too.
// CHECK-NEXT: move local-exec: {{.*}}: vprotd $0x3, %fs:0x0, %xmm1 # TPOFF32
  vprotd $3, %fs:var@tpoff, %xmm1
  ret
  .size f, . - f

// On two paths, and in a loop whose back edge the register survives.
// CHECK-NEXT: move initial-exec: {{.*}} (two+0x{{.*}}): {{.*}}: movl %fs:(%rax), %ecx
  .globl two
  .type two, @function
two:
  testl %edi, %edi
  je 1f
  movq var@gottpoff(%rip), %rax
  jmp 2f
1: movq other@gottpoff(%rip), %rax
2: movl %fs:(%rax), %ecx
  decl %edi
  jne 2b
  ret
  .size two, . - two
// CHECK-NOT: {{^}}{{.*}}.o:

  .section .tbss,"awT",@nobits
  .globl var, other
var: .long 0
other: .long 0
