# Every way to reach memory through FS is a finding, with or without a
# relocation, wherever the prefix stands.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
# RUN: %llvm/ld.lld -e uses %t.o -o %t.elf
# RUN: %segshift audit %t.elf > %t.elf.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.elf.txt --check-prefix=ELF --implicit-check-not=finding:

# CHECK: fs-memory.s.tmp.o: in function 'uses':
# ELF:   fs-memory.s.tmp.elf: in function 'uses':
  .text
  .globl uses
  .type uses, @function
uses:
# CHECK-NEXT: .tmp.o:.text+0x0: finding: memory access through %fs:0x0 (thread pointer), in uses+0x0 [fs-memory]
# CHECK-NEXT: .tmp.o .text 0x0: 64 48 8b 04 25 00 00 00 00 movq %fs:0x0, %rax
# ELF: finding: memory access through %fs:0x0 (thread pointer), in uses+0x0 [fs-memory]
  movq %fs:0, %rax
# CHECK: finding: memory access through %fs:counter@tpoff, in uses+0x9
# ELF: finding: memory access through %fs:-0x4 (counter), in uses+0x9
  movl %fs:counter@tpoff, %ecx
# CHECK: finding: memory access through %fs:0x28 (stack-protector canary), in uses+0x11
# ELF: finding: memory access through %fs:0x28 (stack-protector canary)
  xorq %fs:0x28, %rdx
# CHECK: finding: memory access through %fs:0x30 (pointer guard)
# ELF: finding: memory access through %fs:0x30 (pointer guard)
  xorq %fs:0x30, %rdx
# CHECK: finding: memory access through %fs:0x70 (split-stack limit)
# ELF: finding: memory access through %fs:0x70 (split-stack limit)
  cmpq %fs:0x70, %rsp
# CHECK: finding: memory access through %fs:0x300, in
# ELF: finding: memory access through %fs:0x300, in
  movl $1, %fs:0x300
# CHECK: finding: memory access through %fs:(computed address)
# ELF: finding: memory access through %fs:(computed address)
  movq %rax, %fs:(%rdx,%rcx,8)
# CHECK: finding: memory access through %fs:(computed address)
# CHECK-NEXT: f0 64 ff 00 lock incl %fs:(%rax)
# ELF: finding: memory access through %fs:(computed address)
  .byte 0xf0, 0x64, 0xff, 0x00
# CHECK: finding: memory access through %fs:(computed address)
# CHECK-NEXT: 66 64 0f 6f 00 movdqa
# ELF: finding: memory access through %fs:(computed address)
  .byte 0x66, 0x64, 0x0f, 0x6f, 0x00
# A 64-bit absolute address.
# CHECK: finding: memory access through %fs:0x1122334455667788
# ELF: finding: memory access through %fs:0x1122334455667788
  movabsb %fs:0x1122334455667788, %al
# The instruction names no segment operand, but reaches memory by one.
# CHECK: finding: memory access through %fs:(computed address)
# CHECK-NEXT: 64 66 0f f7 c1 maskmovdqu
# ELF: finding: memory access through %fs:(computed address)
  .byte 0x64
  maskmovdqu %xmm1, %xmm0
# CHECK: finding: memory access through %fs:(computed address)
# CHECK-NEXT: 64 d7 xlatb
# ELF: finding: memory access through %fs:(computed address)
  .byte 0x64
  xlatb
# The prefix is not the last one: what the processor does is not defined.
# CHECK: finding: several segment overrides on one instruction, one of them FS
# ELF: finding: several segment overrides on one instruction, one of them FS
  .byte 0x64, 0x65, 0x8b, 0x00
# Through an EVEX instruction.
# CHECK: finding: memory access through %fs:(computed address)
# CHECK-NEXT: vmovdqu64 %fs:(%rax), %zmm0
# ELF: finding: memory access through %fs:(computed address)
  vmovdqu64 %fs:(%rax), %zmm0
  ret
  .size uses, .-uses

# CHECK: note: object touches TLS and has no segshift note [unmarked-object]
# CHECK: hint: fs-memory: compile with SegShift.so
# CHECK: 1 file: 14 findings in 1 function, 0 allowed, 0 on purpose, 1 note{{$}}
# ELF: 1 file: 14 findings in 1 function, 0 allowed, 0 on purpose, 0 notes

  .section .tbss,"awT",@nobits
  .globl counter
  .type counter, @object
  .size counter, 4
  .zero 0
counter:
  .zero 4
