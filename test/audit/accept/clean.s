# What is no FS use, and what the GS contract gives: nothing to report.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt
# RUN: FileCheck %s --input-file=%t.txt --match-full-lines
# RUN: %llvm/ld.lld -e f %t.o -o %t.elf
# RUN: %segshift audit --kernel-area=256 %t.elf > %t.elf.txt
# RUN: FileCheck %s --input-file=%t.elf.txt --check-prefix=ELF --match-full-lines
# CHECK-NOT: {{.*}} {{finding|note}}: {{.*}}
# CHECK: {{.*}}: note: object touches TLS and has no segshift note [unmarked-object]
# CHECK-NEXT: 1 file: 0 findings, 0 allowed, 0 on purpose, 1 note
# ELF-NOT: {{.*}} {{finding|note}}: {{.*}}
# ELF: 1 file: 0 findings, 0 allowed, 0 on purpose, 0 notes
  .text
  .globl f
  .type f, @function
f:
  movq %gs:0, %rax            # thread pointer
  addq %gs:0, %rax
  movq %gs:0x10, %rax
  movq %gs:8, %rax            # DTV
  movq %gs:0x28, %rax         # canary
  movq %rax, %gs:0x28
  xorq %gs:0x30, %rax
  cmpq %gs:0x70, %rsp
  movq %rsp, %gs:0x80         # the kernel's slots
  movq %gs:0x178, %rsp
  movl %gs:x@tpoff, %ecx
  movq x@gottpoff(%rip), %rax
  movl %gs:(%rax), %ecx
  movl $1, %gs:(%rax,%rcx,4)
  rep movsb %gs:(%rsi), (%rdi)
  nopw %fs:(%rax)             # padding: reaches nothing
  movl $0x64, %eax            # 0x64, but no prefix
  movabsq $0x6464646464646464, %rax
  movb 0x64(%rax), %cl
  movq %rax, %cs:(%rax)
  ret
  .size f, .-f
# Data in text that says so.
  .type pool, @object
pool:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0
  .size pool, .-pool

  .section .tbss,"awT",@nobits
  .globl x
x:
  .zero 4
