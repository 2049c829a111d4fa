# Marks that are damaged: an error, never a mark too many.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym KIND=7 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=UNKNOWN
# UNKNOWN: bad-marks.s.tmp.o: section segshift_fs has a record of unknown kind 7
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym KIND=2 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=ODD
# ODD: section segshift_fs has a range without an end
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=LAST
# LAST: the last record of section segshift_fs has no kind
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym HALF=1 %s -o %t.o
# RUN: %segshift audit %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=HALF
# HALF: section segshift_fs ends inside of a record
f:
  ret
  .section segshift_fs,"awo",@progbits,.text
1:.long f - 1b
  .ifdef KIND
  .long KIND
  .endif
  .ifdef HALF
  .short 1
  .endif
