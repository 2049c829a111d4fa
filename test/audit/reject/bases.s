# FS base by instruction: a finding. GS base: a note, because every kernel on
# GS TLS has to set it somewhere.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
# RUN: %segshift audit --allow=switch_fs %t.o > /dev/null
# RUN: %segshift audit --allow=switch_fs --error-on=swapgs,gs-base %t.o > %t.on.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.on.txt --check-prefix=ON --implicit-check-not=finding:
# RUN: %segshift audit --error-on=fsbase %t.o > /dev/null 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=ERR
# ERR: --error-on: 'fsbase' is not a kind of finding
switch_fs:
# CHECK: finding: reads FS_BASE, in switch_fs+0x0 [fs-base]
  rdfsbase %rax
# CHECK: finding: writes FS_BASE
  wrfsbase %rax
# CHECK: finding: writes FS_BASE
  wrfsbase %eax
switch_gs:
# CHECK: note: reads GS_BASE, in switch_gs+0x0 [gs-base]
# ON: finding: reads GS_BASE
  rdgsbase %rax
# CHECK: note: writes GS_BASE
# ON: finding: writes GS_BASE
  wrgsbase %rax
# CHECK: note: exchanges GS_BASE and KERNEL_GS_BASE, in {{.*}} [swapgs]
# ON: finding: exchanges GS_BASE
  swapgs
# CHECK: note: loads KERNEL_GS_BASE by a selector
# ON: finding: loads KERNEL_GS_BASE
  lkgs %ax
# CHECK: 1 file: 3 findings in 1 function, 0 allowed, 0 on purpose, 4 notes
