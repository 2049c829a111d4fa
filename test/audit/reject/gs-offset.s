# Fixed GS offsets outside of the contract: a kernel's old per-CPU slots.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
# RUN: %llvm/ld.lld -e slots %t.o -o %t.elf --defsym=cpu_number=0x40
# RUN: %segshift audit --kernel-area=0x100 %t.elf > %t.elf.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.elf.txt --check-prefix=ELF --implicit-check-not=finding:
# Offsets that a libc on GS as a whole has in its own control block; stores to
# the thread pointer stay findings.
# RUN: %segshift audit --tcb-offsets=0x20,0x40-0x4f %t.o > %t.tcb.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.tcb.txt --check-prefix=TCB --implicit-check-not='%gs:0x20,' --implicit-check-not='%gs:0x48,'
# TCB: finding: access to %gs:0x78, an offset
# RUN: %segshift audit --tcb-offsets=all %t.o > %t.all.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.all.txt --check-prefix=ALL --implicit-check-not='an offset'
# ALL: finding: store to %gs:0x0
# ALL: 1 file: 5 findings
# RUN: %segshift audit --tcb-offsets=0x20- %t.o 2> %t.err; test $? -eq 2
# RUN: %segshift audit --tcb-offsets=8-4 %t.o 2> %t.err; test $? -eq 2
# RUN: %segshift audit --tcb-offsets=many %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=LIST
# LIST: --tcb-offsets: 'many' is neither an offset
# Without TLS in the image nothing lies below the thread pointer.
# RUN: echo 'f: movl %%gs:-8, %%eax' | %llvm/llvm-mc -triple=x86_64 -filetype=obj - -o %t.no-tls.o
# RUN: %llvm/ld.lld -e f %t.no-tls.o -o %t.no-tls
# RUN: %segshift audit %t.no-tls > %t.no-tls.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.no-tls.txt --check-prefix=NO-TLS
# NO-TLS: finding: access to %gs:-0x8, but the image has no TLS block

  .text
  .globl slots
  .type slots, @function
slots:
# CHECK: finding: access to %gs:0x20, an offset that the contract does not give, in slots+0x0 [gs-offset]
# ELF: finding: access to %gs:0x20, an offset that the contract does not give
  movq %gs:0x20, %rax
# CHECK: finding: store to %gs:0x0 (thread pointer), which is the thread pointer itself
# ELF: finding: store to %gs:0x0
  movq %rsp, %gs:0
# CHECK: finding: access to %gs:0x0 (thread pointer) that is no load of the thread pointer
# CHECK-NEXT: movq %gs:0x0, %rsp
# ELF: finding: access to %gs:0x0 (thread pointer) that is no load
  movq %gs:0, %rsp
# CHECK: finding: access to %gs:0x0 (thread pointer) that is no load of the thread pointer
# CHECK-NEXT: callq *%gs:0x0
# ELF: finding: access to %gs:0x0 (thread pointer) that is no load
  callq *%gs:0
# CHECK: finding: store to %gs:0x10
# ELF: finding: store to %gs:0x10
  movq %rax, %gs:0x10
# CHECK: finding: stack pointer in %gs:0x8 (dynamic thread vector), in slots+
# CHECK-NEXT: movq %rsp, %gs:0x8
# ELF: finding: stack pointer in %gs:0x8
  movq %rsp, %gs:8
# CHECK: finding: stack pointer in %gs:0x8
# CHECK-NEXT: movq %gs:0x8, %rsp
# ELF: finding: stack pointer in %gs:0x8
  movq %gs:8, %rsp
# A kernel's own slots at the contract's offsets, by whatever instruction.
# CHECK: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
  pushq %gs:8
# CHECK: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
  popq %gs:8
# CHECK: finding: access to %gs:0x28 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x28 ({{[^)]*}}) as no compiler makes it
  jmpq *%gs:0x28
# CHECK: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
  callq *%gs:8
# CHECK: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
  xchgq %rax, %gs:8
# CHECK: finding: access to %gs:0x30 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x30 ({{[^)]*}}) as no compiler makes it
  cmpxchgq %rcx, %gs:0x30
# CHECK: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x8 ({{[^)]*}}) as no compiler makes it
  incq %gs:8
# CHECK: finding: access to %gs:0x28 ({{[^)]*}}) as no compiler makes it
# ELF: finding: access to %gs:0x28 ({{[^)]*}}) as no compiler makes it
  movups %gs:0x28, %xmm0
# What a contract's use looks like.
  movq %gs:8, %rax
# CHECK: finding: access to %gs:0x78, an offset
# ELF: finding: access to %gs:0x78, an offset
  movb $1, %gs:0x78
# CHECK: finding: access to %gs:-0x8 without a TLS relocation: no variable of this object
# ELF: finding: access to %gs:-0x8, below the TLS block, which starts at -0x4
  movq %gs:-8, %rax
# A symbol's offset: known only after the link.
# CHECK: note: access to %gs:cpu_number, whose offset the linker sets, in slots+{{.*}} [gs-offset-unset]
# ELF: finding: access to %gs:0x40, an offset
  movl %gs:cpu_number, %eax
# CHECK: note: access to %gs:cpu_number, whose offset the linker sets
# ELF: finding: access to %gs:0x40, an offset
  movl $1, %gs:cpu_number
# CHECK: note: access to %gs:cpu_number, whose offset the linker sets
# ELF: finding: access to %gs:0x40, an offset relative to the instruction
  movl %gs:cpu_number(%rip), %eax
# Behind the kernel area, where its size is given.
# ELF: finding: access to %gs:0x180, behind the kernel area of 256 bytes from 0x80
  movq %gs:0x180, %rax
# An immediate's relocation is not the offset's.
# CHECK: finding: access to %gs:0x48, an offset
# ELF: finding: access to %gs:0x48, an offset
  movq $slots, %gs:0x48
  ret
  .size slots, .-slots
# CHECK: hint: gs-offset: move per-CPU slots to the kernel area from 0x80 on

  .section .tbss,"awT",@nobits
  .zero 4
