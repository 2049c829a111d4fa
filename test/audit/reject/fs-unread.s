# Bytes in text that are no instruction, but hold an FS prefix, are not passed
# over. What follows the next symbol is read all the same.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
  .text
code:
  ret
# CHECK: finding: bytes with an FS prefix that do not decode as an instruction, in table+0x0 [fs-unread]
table:
  .byte 0x06, 0x64, 0x06
# CHECK: finding: memory access through %fs:0x28 (stack-protector canary), in behind+0x0
  .type behind, @function
behind:
  movq %fs:0x28, %rax
# An instruction that begins in front of a symbol hides nothing behind it.
# CHECK: finding: memory access through %fs:0x0 (thread pointer), in hidden+0x0
  .byte 0xb8
  .type hidden, @function
hidden:
  movq %fs:0, %rax
  ret
# A byte of data without a symbol, which takes the next instruction for its
# operand; the jump over it shows what is code.
# CHECK: finding: memory access through %fs:0x30 (pointer guard), in jump+0x{{[0-9a-f]+}}
  .type jump, @function
jump:
  jmp 1f
  .byte 0xb8
1:
  movq %fs:0x30, %rax
  ret
  .size jump, .-jump
# CHECK: hint: fs-unread: mark data in text as an object
