# Marks cover the instruction and the range that they name, and nothing else; a
# mark where no FS use is, is reported.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding: --implicit-check-not='on purpose:'
# RUN: %llvm/ld.lld -e f %t.o -o %t.elf
# RUN: %segshift audit %t.elf > %t.elf.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.elf.txt --implicit-check-not=finding: --implicit-check-not='on purpose:'
  .text
  .globl f
  .type f, @function
f:
# CHECK: finding: memory access through %fs:0x8
  movq %fs:8, %rax
.Lone:
# CHECK: on purpose: memory access through %fs:0x10
  movq %fs:0x10, %rax
.Lone.end:
# CHECK: finding: memory access through %fs:0x18
  movq %fs:0x18, %rax
.Lstale:
# CHECK: note: on-purpose mark, but no FS use from this instruction on, in f+{{.*}} [stale-mark]
  nop
.Lstale.end:
.Lbegin:
# CHECK: on purpose: memory access through %fs:0x20
  movq %fs:0x20, %rax
# Only FS is covered.
# CHECK: finding: access to %gs:0x20
  movq %gs:0x20, %rax
# CHECK: on purpose: memory access through %fs:0x28
  movq %fs:0x28, %rax
.Lend:
# CHECK: finding: memory access through %fs:0x30
  movq %fs:0x30, %rax
  ret
  .size f, .-f
# Of those on purpose, 0x10 and 0x28 are fields of the contract; 0x20 is not, and
# %fs:0x30 is not on purpose.
# CHECK: 3 on purpose
# CHECK-NEXT: 2 on purpose by the contract's own offsets (thread pointer, canary, pointer guard): in a kernel usually a mistake; look at each
  .section segshift_fs,"awo",@progbits,.text
1:.long .Lone - 1b
2:.long .Lone.end - 2b
3:.long .Lstale - 3b
4:.long .Lstale.end - 4b
5:.long .Lbegin - 5b
6:.long .Lend - 6b
