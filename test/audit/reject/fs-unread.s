# Bytes in text that hold an FS prefix, and do not decode where code is or may be, are
# not passed over, by the rewriter neither. What cannot be an instruction, where nothing
# leads to it, is data. What follows the next symbol is read all the same.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
# RUN: not %segshift rewrite --summary %t.o 2>&1 | FileCheck %s --check-prefix=REWRITE
# REWRITE-COUNT-2: unknown FS use: a byte of an FS prefix among bytes that do not decode: {{.*}} [SEG217]
# RUN: %segshift rewrite --keep-fs='unknown|reached' --verify %t.o
  .text
code:
  ret
table:
  .byte 0x06, 0x64, 0x06
# Control gets there.
# CHECK: finding: bytes with an FS prefix that do not decode as an instruction, in reached+0x{{[0-9]+}} [fs-unread]
  .type reached, @function
reached:
  nop
  .byte 0x64, 0x0f, 0xa7, 0x00
  .size reached, .-reached
# May be an instruction that LLVM does not know.
# CHECK: finding: bytes with an FS prefix that do not decode as an instruction, in unknown+0x0 [fs-unread]
unknown:
  .byte 0x64, 0x0f, 0xa7, 0x00
  ret
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
