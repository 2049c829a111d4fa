# A string instruction may read its source through FS.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
copy:
# CHECK: finding: string instruction reads through %fs, in copy+0x0 [fs-string]
# CHECK-NEXT: f3 64 a4 rep movsb %fs:(%rsi), %es:(%rdi)
  rep movsb %fs:(%rsi), (%rdi)
# CHECK: finding: string instruction reads through %fs
# CHECK-NEXT: lodsb
  lodsb %fs:(%rsi), %al
# CHECK: finding: string instruction reads through %fs
# CHECK-NEXT: cmpsb
  cmpsb (%rdi), %fs:(%rsi)
# CHECK: finding: string instruction reads through %fs
# CHECK-NEXT: outsb
  outsb %fs:(%rsi), %dx
# CHECK: 1 file: 4 findings
