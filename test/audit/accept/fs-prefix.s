# An FS override that changes nothing is a note; on a nop, padding, it is none; and
# --error-on=all makes a finding of it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o | FileCheck %s
# RUN: %segshift audit --error-on=all %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --check-prefix=ALL
# ALL: 3 findings in 1 function
f:
# CHECK: note: FS override on an instruction that reaches no memory by it, in f+0x0 [fs-prefix]
# CHECK-NEXT: 64 89 c3
  .byte 0x64
  movl %eax, %ebx
# CHECK: note: FS override
# CHECK-NEXT: 64 ff e0
  .byte 0x64
  jmp *%rax
# CHECK: note: FS override
# CHECK-NEXT: 64 8d 40 04
  .byte 0x64
  leal 4(%rax), %eax
  .byte 0x64
  nopw (%rax)
  ret
# CHECK: 1 file: 0 findings, 0 allowed, 0 on purpose, 3 notes
