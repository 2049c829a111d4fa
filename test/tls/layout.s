# PT_TLS and x@tpoff, checked against what the linker put into the code, with
# alignments and addresses that do not fit each other.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift tls %t.o | FileCheck %s --check-prefix=OBJ
# OBJ: layout.s.tmp.o: relocatable object
# OBJ-NEXT: section .tdata: 12 bytes, alignment 4
# OBJ-NEXT: section .tbss: 20 bytes, alignment 64, zero
# OBJ-NEXT: variables:
# OBJ-NEXT: .tbss+0x0 zeroes (17 bytes)
# OBJ-NEXT: .tdata+0x4 first (8 bytes)
# OBJ-NEXT: uses:
# OBJ-NEXT: local-exec: 1
# OBJ-NEXT: address: first
# RUN: %segshift tls --json %t.o | FileCheck %s --check-prefix=JSON
# JSON: "type": "relocatable object",
# JSON-NEXT: "sections": [
# JSON-NEXT: {
# JSON-NEXT: "name": ".tdata",
# JSON-NEXT: "size": 12,
# JSON-NEXT: "alignment": 4
# JSON: "name": "zeroes",
# JSON-NEXT: "section": ".tbss",
# OBJ-NEXT: local-exec through %fs: 2
# OBJ-NEXT: f: first, zeroes
# OBJ-NEXT: initial-exec: 1
# OBJ-NEXT: f: first
# OBJ-NEXT: general-dynamic: 1
# OBJ-NEXT: dynamic: first
# OBJ-NEXT: local-dynamic: 2
# OBJ-NEXT: dynamic: first
# OBJ-NEXT: descriptor: 1
# OBJ-NEXT: dynamic: first
# OBJ-NEXT: thread-pointer through %gs: 1
# OBJ-NEXT: address
# OBJ-NEXT: control-block through %fs: 2
# OBJ-NEXT: f: canary, pointer guard
# OBJ-NEXT: computed through %fs: 1
# OBJ-NEXT: f{{$}}

# The image's place is not aligned as the block is.
# RUN: echo 'SECTIONS { .text 0x10000 : { *(.text) } .tdata 0x20004 : { *(.tdata) } .tbss : { *(.tbss) } /DISCARD/ : { *(.text.dynamic) } }' > %t.ld
# RUN: %llvm/ld.lld -e f -T %t.ld %t.o -o %t.elf
# RUN: %segshift tls %t.elf > %t.txt
# RUN: %llvm/llvm-objdump -d --no-show-raw-insn %t.elf >> %t.txt
# RUN: FileCheck %s --input-file=%t.txt
# CHECK: layout.s.tmp.elf: static executable
# CHECK-NEXT: PT_TLS: 80 bytes (12 initialised), alignment 64, at 0x20004
# CHECK-NEXT: block: 124 bytes, from tp-0x7c to tp; offsets are fixed by the link
# CHECK-NEXT: variables:
# CHECK-NEXT: tp-0x78 first (8 bytes)
# CHECK-NEXT: tp-0x40 zeroes (17 bytes)
# CHECK: local-exec through %fs: 2
# CHECK-NEXT: f: first, zeroes
# CHECK: movl %fs:-0x78, %eax
# CHECK: movb %fs:-0x40, %al

# RUN: %llvm/llvm-strip %t.elf -o %t.stripped
# RUN: %segshift tls %t.stripped | FileCheck %s --check-prefix=STRIPPED
# STRIPPED: block: 124 bytes
# STRIPPED-NEXT: stripped: variables without a dynamic symbol are not listed
# STRIPPED: local-exec through %fs: 2

  .text
  .globl f
  .type f, @function
f:
  movl %fs:first@tpoff, %eax
  movb %fs:zeroes@tpoff, %al
  movq first@gottpoff(%rip), %rcx
  movq %fs:(%rcx), %rcx
  xorq %fs:0x28, %rdx
  xorq %fs:0x30, %rdx
  ret
  .size f, .-f
  .type address, @function
address:
  movq %gs:0, %rax
  leaq first@tpoff(%rax), %rax
  ret
  .size address, .-address

  .section .text.dynamic,"ax",@progbits
  .type dynamic, @function
dynamic:
  .byte 0x66
  leaq first@tlsgd(%rip), %rdi
  .value 0x6666
  rex64
  callq __tls_get_addr@PLT
  leaq first@tlsld(%rip), %rdi
  callq __tls_get_addr@PLT
  leaq first@dtpoff(%rax), %rcx
  leaq first@tlsdesc(%rip), %rax
  callq *first@tlscall(%rax)
  ret
  .size dynamic, .-dynamic

  .section .tdata,"awT",@progbits
  .p2align 2
  .long 0
  .type first, @object
  .size first, 8
first:
  .quad 1
  .section .tbss,"awT",@nobits
  .p2align 6
  .type zeroes, @object
  .size zeroes, 17
zeroes:
  .zero 20
