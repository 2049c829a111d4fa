# The map formats of ld.bfd and gold: places of findings, and objects without a
# note. A long section name takes a line of its own there.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: ld.bfd, gold
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym SECOND=0 %s -o %t.first.o
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym SECOND=1 %s -o %t.second.o
# RUN: rm -f %t.a && %llvm/llvm-ar rc %t.a %t.second.o
# RUN: ld.bfd -e first %t.first.o %t.a -o %t.bfd.elf -Map=%t.bfd.map
# RUN: %segshift audit --link-map=%t.bfd.map %t.bfd.elf > %t.bfd.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.bfd.txt
# RUN: gold -e first %t.first.o %t.a -o %t.gold.elf -Map=%t.gold.map
# RUN: %segshift audit --link-map=%t.gold.map %t.gold.elf > %t.gold.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.gold.txt
# CHECK: finding: memory access through %fs:0x0 (thread pointer), in first+0x0
# CHECK-NEXT: movq
# CHECK-NEXT: from {{.*}}.first.o:(.text)
# CHECK: finding: memory access through %fs:0x0 (thread pointer), in second+0x0
# CHECK-NEXT: movq
# CHECK-NEXT: from {{.*}}.tmp.a({{.*}}second.o):(.text.a_function_with_a_long_name)
# CHECK-DAG: note: {{.*}}.first.o reaches FS or GS in .text, and has no segshift note
# CHECK-DAG: note: {{.*}}.tmp.a({{.*}}second.o) holds .tdata, and has no segshift note
  .if SECOND
  .section .text.a_function_with_a_long_name,"ax",@progbits
  .globl second
second:
  movq %fs:0, %rax
  ret
  .section .tdata,"awT",@progbits
  .long 1
  .else
  .text
  .globl first
first:
  movq %fs:0, %rax
  jmp second
  .endif
