# .tbss has no addresses of its own: what lies there, here code, is of another object.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym CODE=1 %s -o %t.code.o
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym CODE=0 %s -o %t.data.o
# RUN: echo 'SECTIONS { . = 0x10000; .tbss : { *(.tbss) } .text : { *(.text) } }' > %t.ld
# RUN: ld.lld -T %t.ld -e f %t.code.o %t.data.o -o %t.elf -Map=%t.map
# RUN: %segshift audit --link-map=%t.map %t.elf > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt
# CHECK: finding: memory access through %fs:0x0 (thread pointer), in f+0x9
# CHECK-NEXT: movq
# CHECK-NEXT: from {{.*}}.code.o:(.text)
  .if CODE
f:
  .skip 9, 0x90
  movq %fs:0, %rax
  ret
  .endif
  .section .tbss,"awT",@nobits
  .zero 8
