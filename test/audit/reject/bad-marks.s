# Marks that are damaged: an error, never a mark too many.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym HALF=1 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=HALF
# HALF: bad-marks.s.tmp.o: section segshift_fs ends inside of a pair
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym NUMBER=1 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=NUMBER
# NUMBER: section segshift_fs has no PC-relative relocation at offset 4
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym BACKWARDS=1 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=RANGE
# RANGE: section segshift_fs has a pair at offset 0 that is no range of code
f:
  nop
  ret
  .section segshift_fs,"awo",@progbits,.text
1:.long f + 1 - 1b
  .ifdef NUMBER
  .long 1
  .endif
  .ifdef BACKWARDS
2:.long f - 2b
  .endif
