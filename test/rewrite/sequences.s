// Call sequences of the dynamic models become GS forms of the same length, and
// their relocations change so that no linker has anything left to relax.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.le.o %t.o \
// RUN:   | FileCheck %s --check-prefix=PLAN
// RUN: %llvm/llvm-objdump -dr --no-show-raw-insn %t.le.o \
// RUN:   | FileCheck %s --check-prefixes=CODE,LE
// A second run changes nothing.
// RUN: %segshift rewrite --summary -o %t.le2.o %t.le.o | FileCheck %s --check-prefix=AGAIN
// RUN: cmp %t.le.o %t.le2.o
// AGAIN: 0 in all
// Debug information keeps its DTPOFF64.
// RUN: %llvm/llvm-readelf -r %t.le.o | FileCheck %s --check-prefix=DWARF
// DWARF: .rela.debug_info
// DWARF: R_X86_64_DTPOFF64
// GD can become initial-exec; LD has no such form and is refused by name.
// RUN: not %segshift rewrite --tls-model=initial-exec -o %t.ie.o %t.o 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NOLD
// NOLD-COUNT-3: error: {{.*}}: local-dynamic: a local-dynamic sequence has no initial-exec form
// RUN: %clang -c -DONLY_GD -x assembler-with-cpp %s -o %t.gd.o
// RUN: %segshift rewrite --tls-model=initial-exec --verify -o %t.ie.o %t.gd.o
// RUN: %llvm/llvm-objdump -dr --no-show-raw-insn %t.ie.o \
// RUN:   | FileCheck %s --check-prefixes=IE
// Linked by both linkers: nothing through FS.
// RUN: %llvm/ld.lld -e gd %t.le.o -o %t.lld
// RUN: ld.bfd -e gd %t.le.o -o %t.bfd
// RUN: %llvm/ld.lld -e gd %t.ie.o -o %t.ie
// RUN: %llvm/llvm-objdump -d %t.lld %t.bfd %t.ie | FileCheck %s --check-prefix=LINKED
// LINKED-NOT: %fs:
// REQUIRES: ld.bfd

  .text
  .type gd, @function
  .globl gd
gd:
// PLAN: convert general-dynamic: .text+0x0 (gd+0x0): 66 48 8d 3d {{.*}}# to local-exec: x
// CODE-LABEL: <gd>:
// LE-NEXT: movq %gs:0x0, %rax
// LE-NEXT: leaq (%rax), %rax
// LE-NEXT: R_X86_64_TPOFF32 x{{$}}
// LE-NEXT: R_X86_64_NONE *ABS*{{$}}
// IE: movq %gs:0x0, %rax
// IE-NEXT: addq (%rip), %rax
// IE-NEXT: R_X86_64_GOTTPOFF x-0x4
// IE-NEXT: R_X86_64_NONE *ABS*
  .byte 0x66
  leaq x@tlsgd(%rip), %rdi
  .byte 0x66, 0x66, 0x48
  call __tls_get_addr@PLT
// PLAN-NEXT: convert general-dynamic: {{.*}}66 48 ff 15
// LE-NEXT: movq %gs:0x0, %rax
// LE-NEXT: leaq (%rax), %rax
// LE-NEXT: R_X86_64_TPOFF32 x{{$}}
// LE-NEXT: R_X86_64_NONE
  .byte 0x66
  leaq x@tlsgd(%rip), %rdi
  .byte 0x66
  rex64 call *__tls_get_addr@GOTPCREL(%rip)
// PLAN-NEXT: convert general-dynamic: {{.*}}48 b8 {{.*}}48 01 d8 ff d0
// LE-NEXT: movq %gs:0x0, %rax
// LE-NEXT: leaq (%rax), %rax
// LE: R_X86_64_TPOFF32 x{{$}}
// LE: nopw
// IE: nopw
  leaq x@tlsgd(%rip), %rdi
  movabsq $__tls_get_addr@PLTOFF, %rax
  addq %rbx, %rax
  call *%rax
// PLAN-NEXT: convert general-dynamic: {{.*}}48 b8 {{.*}}4c 01 f8 ff d0
  leaq x@tlsgd(%rip), %rdi
  movabsq $__tls_get_addr@PLTOFF, %rax
  addq %r15, %rax
  call *%rax
  ret
  .size gd, . - gd

#ifndef ONLY_GD
  .type ld, @function
ld:
// PLAN-NEXT: convert local-dynamic: {{.*}}(ld+0x0): 48 8d 3d {{.*}} e8
// LE-LABEL: <ld>:
// LE-NEXT: movq %gs:0x0, %rax
// LE-NEXT: R_X86_64_NONE *ABS*{{$}}
// LE-NEXT: R_X86_64_NONE *ABS*{{$}}
  leaq x@tlsld(%rip), %rdi
  call __tls_get_addr@PLT
// PLAN-NEXT: convert dtp-offset: {{.*}}# to local-exec: x
// LE-NEXT: movl (%rax), %ecx
// LE-NEXT: R_X86_64_TPOFF32 x
  movl x@dtpoff(%rax), %ecx
// PLAN-NEXT: convert local-dynamic: {{.*}} ff 15
// LE-NEXT: movq %gs:0x0, %rax
  leaq x@tlsld(%rip), %rdi
  call *__tls_get_addr@GOTPCREL(%rip)
// PLAN-NEXT: convert dtp-offset
// LE: movabsq $0x0, %rdx
// LE-NEXT: R_X86_64_TPOFF64 x+0x4
  movabsq $x@dtpoff+4, %rdx
// PLAN-NEXT: convert local-dynamic: {{.*}}48 01 d8 ff d0
  leaq x@tlsld(%rip), %rdi
  movabsq $__tls_get_addr@PLTOFF, %rax
  addq %rbx, %rax
  call *%rax
  ret
  .size ld, . - ld
// PLAN-NOT: {{^}}{{.*}}.o:

  .section .debug_info,"",@progbits
  .quad x@dtpoff
#endif

  .section .tbss,"awT",@nobits
  .skip 16
x: .skip 16
