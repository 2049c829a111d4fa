// A caller-saved register keeps its offset over a call of a function in the same file that
// shows that it leaves the register alone: GCC's -fipa-ra counts on that.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: not %segshift rewrite -o %t.gs.o %t.o 2> %t.errors
// RUN: FileCheck %s --input-file=%t.errors --implicit-check-not=error:
// RUN: %segshift rewrite --verify --allow-unknown -o %t.gs.o %t.o 2> %t.warnings
// RUN: %llvm/llvm-objdump -d --no-show-raw-insn %t.gs.o | FileCheck %s --check-prefix=MOVED
// A linked image, too.
// RUN: %llvm/ld.lld -e kept --defsym=outside=0x1000 %t.o -o %t.elf
// RUN: %segshift rewrite --verify --allow-unknown -o %t.gs.elf %t.elf 2> %t.warnings
// RUN: %llvm/llvm-objdump -d --no-show-raw-insn %t.gs.elf | FileCheck %s --check-prefix=MOVED

  .macro function name
  .globl \name
  .type \name, @function
\name:
  .endm
  .macro ends name
  ret
  .size \name, . - \name
  .endm

  .text
function leaf // changes r10, and half of r9
  movb $1, %r9b
  xorl %r10d, %r10d
ends leaf
function outer // by a call and a jump
  pushq %rbx
  call leaf
  popq %rbx
  jmp leaf
ends outer
function itself // no end to it
  testl %edi, %edi
  je 1f
  call itself
1:
ends itself
function far // calls what is elsewhere
  call outside
ends far
function pointer
  call *%rdi
ends pointer
function system // the kernel changes rcx and r11
  syscall
ends system

function falls // into what changes r11
  xorl %eax, %eax
  .size falls, . - falls
function next
  xorl %r11d, %r11d
ends next
function loops // counts in rcx
1:
  loop 1b
ends loops
function repeats // as well
  rep stosb
ends repeats
function exchanges
  xchgq %rsi, %rdx
ends exchanges

// MOVED-LABEL: <kept>:
// MOVED-COUNT-4: %gs:(
// MOVED-NOT: %gs:
function kept
  movq var@gottpoff(%rip), %r11
  movq var@gottpoff(%rip), %rax
  call leaf
  movl %fs:(%r11), %ecx
  movl %fs:(%rax), %ecx
  call outer
  movl %fs:(%r11), %ecx
  movl %fs:(%r11,%rdi), %ecx
ends kept

// CHECK: error: {{.*}} (changed+0x{{.*}}): {{.*}} movl %fs:(%r10), %ecx: unknown FS use: no path
// CHECK: error: {{.*}} (changed+0x{{.*}}): {{.*}} movl %fs:(%r9), %ecx: unknown FS use: no path
function changed
  movq var@gottpoff(%rip), %r10
  movq var@gottpoff(%rip), %r9
  call outer
  movl %fs:(%r10), %ecx
  movl %fs:(%r9), %ecx
ends changed
// CHECK-COUNT-4: error: {{.*}} (unknown+0x{{.*}}): {{.*}} movl %fs:(%r11), %ecx: unknown FS use: no path
function unknown
  movq var@gottpoff(%rip), %r11
  call itself
  movl %fs:(%r11), %ecx
  movq var@gottpoff(%rip), %r11
  call far
  movl %fs:(%r11), %ecx
  movq var@gottpoff(%rip), %r11
  call pointer
  movl %fs:(%r11), %ecx
  movq var@gottpoff(%rip), %r11
  call system
  movl %fs:(%r11), %ecx
ends unknown
// CHECK: error: {{.*}} (implied+0x{{.*}}): {{.*}} movl %fs:(%r11), %edi: unknown FS use: no path
// CHECK-COUNT-2: error: {{.*}} (implied+0x{{.*}}): {{.*}} movl %fs:(%rcx), %ecx: unknown FS use: no path
// CHECK: error: {{.*}} (implied+0x{{.*}}): {{.*}} movl %fs:(%rsi), %ecx: unknown FS use: no path
// CHECK: error: {{.*}} (implied+0x{{.*}}): {{.*}} movl %fs:(%rdx), %ecx: unknown FS use: no path
function implied
  movq var@gottpoff(%rip), %r11
  call falls
  movl %fs:(%r11), %edi
  movq var@gottpoff(%rip), %rcx
  call loops
  movl %fs:(%rcx), %ecx
  movq var@gottpoff(%rip), %rcx
  call repeats
  movl %fs:(%rcx), %ecx
  movq var@gottpoff(%rip), %rsi
  call exchanges
  movl %fs:(%rsi), %ecx
  movq var@gottpoff(%rip), %rdx
  call exchanges
  movl %fs:(%rdx), %ecx
ends implied

  .section .tbss, "awT", @nobits
  .globl var
var:
  .zero 4
