# The MSR number in ECX is followed through the function.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit --expand %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding: --implicit-check-not=note:
  .text
  .macro function name
  .globl \name
  .type \name, @function
\name:
  .endm

# CHECK: finding: writes MSR IA32_FS_BASE, in plain+{{.*}} [fs-msr]
function plain
  movl $0xc0000100, %ecx
  wrmsr
  ret
# CHECK: finding: reads MSR IA32_FS_BASE, in read+
function read
  movl $0xc0000100, %ecx
  rdmsr
  ret
# CHECK: finding: writes MSR IA32_FS_BASE, in fast+
function fast
  movl $0xc0000100, %ecx
  wrmsrns
  ret
# Through another register, arithmetic, and over a branch that keeps it.
# CHECK: finding: writes MSR IA32_FS_BASE, in moved+
function moved
  movl $0xc0000102, %edx
  leal -1(%rdx), %esi
  testq %rdi, %rdi
  je 1f
  movq %rdi, %rax
1:
  movl %esi, %ecx
  decl %ecx
  wrmsr
  ret
# The same number on both paths.
# CHECK: finding: writes MSR IA32_FS_BASE, in joined+
function joined
  testq %rdi, %rdi
  je 1f
  movl $0xc0000100, %ecx
  jmp 2f
1:
  xorl %ecx, %ecx
  addl $0xc0000100, %ecx
2:
  wrmsr
  ret
# In a loop that starts below the instruction.
# CHECK: finding: writes MSR IA32_FS_BASE, in looped+
function looped
  movl $0xc0000100, %ecx
  jmp 2f
1:
  wrmsr
2:
  decl %eax
  jne 1b
  ret
# CHECK: finding: writes MSR IA32_FS_BASE, in subtracted+
function subtracted
  movl $0xc0000200, %ecx
  subl $0x100, %ecx
  wrmsr
  ret
# CHECK: finding: writes MSR IA32_FS_BASE, in ored+
function ored
  movl $0xc0000000, %ecx
  orl $0x100, %ecx
  wrmsr
  ret
# The number in the instruction (MSR_IMM), which the assembler does not know yet: rdmsr
# $imm, %rax and wrmsrns %rax, $imm. The third is IA32_EFER.
# CHECK: finding: reads MSR IA32_FS_BASE, in immediate+0x0
# CHECK: finding: writes MSR IA32_FS_BASE, in immediate+0x9
# CHECK: note: writes MSR IA32_GS_BASE, in immediate+0x1b [gs-msr]
function immediate
  .byte 0xc4, 0xe7, 0x7b, 0xf6, 0xc0, 0x00, 0x01, 0x00, 0xc0
  .byte 0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 0x00, 0x01, 0x00, 0xc0
  .byte 0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 0x80, 0x00, 0x00, 0xc0
  .byte 0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 0x01, 0x01, 0x00, 0xc0
  ret
# CHECK: note: accesses a list of MSRs, in list+0x0 [msr-unknown]
# CHECK: note: accesses a list of MSRs, in list+0x4 [msr-unknown]
function list
  rdmsrlist
  wrmsrlist
  ret
# CHECK: note: writes MSR IA32_GS_BASE, in gs+{{.*}} [gs-msr]
# CHECK: note: writes MSR IA32_KERNEL_GS_BASE, in gs+{{.*}} [gs-msr]
function gs
  movl $0xc0000101, %ecx
  wrmsr
  incl %ecx
  wrmsr
  ret
# Different numbers meet, a call clobbers, a parameter, rep counts down.
# CHECK: note: writes an MSR whose number is not a constant here, in differ+{{.*}} [msr-unknown]
function differ
  movl $0xc0000100, %ecx
  testq %rdi, %rdi
  je 1f
  movl $0x10, %ecx
1:
  wrmsr
  ret
# CHECK: note: reads an MSR whose number is not a constant here, in called+
function called
  movl $0xc0000100, %ecx
  callq plain
  rdmsr
  ret
# CHECK: note: writes an MSR whose number is not a constant here, in parameter+
function parameter
  movl %edi, %ecx
  wrmsr
  ret
# CHECK: note: writes an MSR whose number is not a constant here, in counted+
function counted
  movl $0xc0000100, %ecx
  rep stosb
  wrmsr
  ret
# What follows a jump that leaves the function is not reached from there.
# CHECK: note: writes an MSR whose number is not a constant here, in left+
function left
  movl $0xc0000100, %ecx
  jmp elsewhere
  wrmsr
  ret
# Another MSR is nobody's business, also where ECX held FS_BASE's before.
function other
  movl $0xc0000100, %ecx
  movl $0xc0000082, %ecx
  wrmsr
  movl $0xc0000080, %ecx
  rdmsr
  ret
# CHECK: 1 file: 10 findings in 9 functions, 0 allowed, 0 on purpose, 10 notes
