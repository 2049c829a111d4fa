# Images without section headers and symbols: all code of the executable
# segments is read, and the segment's name stands for the function's.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %llvm/ld.lld -e f -z separate-code %t.o -o %t.elf
# RUN: %llvm/llvm-strip --strip-sections %t.elf
# RUN: %segshift audit %t.elf > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt
# CHECK: in function 'PT_LOAD':
# CHECK-NEXT: finding: memory access through %fs:-0x4, in PT_LOAD+{{.*}} [fs-memory]
# CHECK: finding: writes MSR IA32_FS_BASE, in PT_LOAD
# CHECK: 1 file: 2 findings in 1 function
# RUN: %segshift audit --allow=PT_LOAD %t.elf
# A stripped image that keeps its section headers.
# RUN: %llvm/ld.lld -e f -s %t.o -o %t.stripped
# RUN: %segshift audit %t.stripped > %t.stripped.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.stripped.txt --check-prefix=STRIPPED
# STRIPPED: in function '.text':
# STRIPPED-NEXT: finding: memory access through %fs:-0x4, in .text+0x0 [fs-memory]
  .text
  .globl f
f:
  movl %fs:x@tpoff, %eax
  movl $0xc0000100, %ecx
  wrmsr
  ret
  .section .tbss,"awT",@nobits
x:
  .zero 4
