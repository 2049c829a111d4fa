# Loads of either selector replace the base; reads of FS are listed as well.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
boot:
# CHECK: finding: loads the FS selector, and with it FS_BASE, in boot+0x0 [fs-selector]
  movl %eax, %fs
# CHECK: finding: loads the FS selector
# CHECK-NEXT: movw (%rax), %fs
  movw (%rax), %fs
# CHECK: finding: loads the FS selector
# CHECK-NEXT: popq %fs
  popq %fs
# CHECK: finding: loads the FS selector
# CHECK-NEXT: lfsq
  lfsq (%rax), %rcx
# CHECK: finding: reads the FS selector
# CHECK-NEXT: movl %fs, %eax
  movl %fs, %eax
# CHECK: finding: reads the FS selector
# CHECK-NEXT: movw %fs, (%rax)
  movw %fs, (%rax)
# CHECK: finding: reads the FS selector
# CHECK-NEXT: pushq %fs
  pushq %fs
# CHECK: finding: loads the GS selector, and with it GS_BASE, in boot+{{.*}} [gs-selector]
# CHECK-NEXT: movl %eax, %gs
  movl %eax, %gs
# CHECK: finding: loads the GS selector
# CHECK-NEXT: popq %gs
  popq %gs
# CHECK: finding: loads the GS selector
# CHECK-NEXT: lgsq
  lgsq (%rax), %rcx
# Not watched: reads of GS, other segments.
  movl %gs, %eax
  pushq %gs
  movl %eax, %ds
  movl %ds, %eax
# CHECK: hint: fs-selector: a load of FS also replaces FS_BASE
# CHECK: hint: gs-selector: this replaces GS_BASE
# CHECK: 1 file: 10 findings in 1 function
