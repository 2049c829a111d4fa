// A dynamic-model relocation outside of the known sequences is refused by name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: not %segshift rewrite -o %t.gs.o %t.o 2>&1 | FileCheck %s
  .text
// CHECK: .text+0x3 (split+0x3): {{.*}}: general-dynamic: a general-dynamic relocation outside of the sequences that the psABI gives
  .type split, @function
split:
  leaq x@tlsgd(%rip), %rdi
  nop
  call __tls_get_addr@PLT
// CHECK: general-dynamic: a general-dynamic sequence whose call is not one to __tls_get_addr
  .byte 0x66
  leaq x@tlsgd(%rip), %rdi
  .byte 0x66, 0x66, 0x48
  call other@PLT
// With one relocation more.
// CHECK: general-dynamic: a general-dynamic sequence whose call is not one to __tls_get_addr
1:
  .byte 0x66
  leaq x@tlsgd(%rip), %rdi
  .byte 0x66, 0x66, 0x48
  call __tls_get_addr@PLT
  .reloc 1b, R_X86_64_8, x
// CHECK: general-dynamic: a general-dynamic sequence whose relocation has addend 4 instead of -4
  .byte 0x66
  leaq x@tlsgd+8(%rip), %rdi
  .byte 0x66, 0x66, 0x48
  call __tls_get_addr@PLT
// CHECK: dtp-offset: an offset into the module's TLS block without a local-dynamic sequence
  movl x@dtpoff(%rax), %ecx
  ret
  .size split, . - split
// Behind the beginning of another instruction, of ten bytes.
// CHECK: (within+0xa): {{.*}}: general-dynamic: a general-dynamic sequence that begins within an instruction
  .type within, @function
within:
  .byte 0x48, 0xbf, 0x15, 0, 0, 0, 0
  leaq x@tlsgd(%rip), %rdi
  movabsq $__tls_get_addr@pltoff, %rax
  addq %rbx, %rax
  call *%rax
  ret
  .size within, . - within
  .section .tbss,"awT",@nobits
x: .long 0
