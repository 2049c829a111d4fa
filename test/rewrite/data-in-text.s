// Jump tables and literals in text hold bytes that decode as FS uses. They are
// not instructions: they stay, also where they lie inside a function's size.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -c %s -o %t.o
// RUN: %segshift rewrite --verify --dump-plan -o %t.gs.o %t.o | FileCheck %s
// RUN: not cmp -l %t.o %t.gs.o | wc -l | FileCheck %s --check-prefix=BYTES
// BYTES: {{^ *}}8{{$}}
// The same without symbols and section headers, linked.
// RUN: %llvm/ld.lld -e code %t.o -o %t.elf
// RUN: %llvm/llvm-strip --strip-sections %t.elf -o %t.stripped
// RUN: %segshift rewrite --dump-plan %t.elf | FileCheck %s --check-prefix=LINKED
// LINKED-COUNT-8: move
// LINKED-NOT: move
// RUN: %segshift rewrite --allow-unknown --dump-plan %t.stripped \
// RUN:   | FileCheck %s --check-prefix=STRIPPED
// STRIPPED-NOT: move canary: {{.*}}0x1122
// STRIPPED: move thread-pointer

  .text
  .globl code
  .type code, @function
code:
// CHECK: move thread-pointer: .text+0x0 (code+0x0)
  movq %fs:0, %rax
  call tables
  movq literal(%rip), %rdx
  leaq literal2(%rip), %rcx
  ret
// CHECK-NEXT: keep not-code: .text+{{.*}}64 48 8b 04 25 28 00 00 00{{.*}} # a jump table or literal
literal:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0
  .size code, . - code

  .type tables, @function
tables:
  leaq table(%rip), %rdx
  movslq (%rdx,%rdi,4), %rax
  addq %rdx, %rax
  jmp *%rax
// The first entry is 0x264, `add %fs:(%rax),%al`, and so is the third.
// CHECK-NEXT: keep not-code: .text+{{.*}}64 02 00: addb %fs:(%rax), %al # a jump table or literal
// CHECK-NEXT: keep not-code: .text+{{.*}}64 02 00: addb %fs:(%rax), %al # a jump table or literal
table:
  .long one - table, two - table, one - table
// Reached through the table only.
// CHECK-NEXT: move canary: .text+{{.*}} (tables+
  .skip 0x258, 0x90
one:
  movq %fs:0x28, %rax
  ret
// CHECK-NEXT: move canary: .text+{{.*}} (tables+
two:
  movq %fs:0x28, %rcx
  ret
  .size tables, . - tables

// An object between two functions is never code.
  .type literal2, @object
literal2:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0
  .size literal2, . - literal2

// Nor is one within a function, also where code takes its address, or nothing
// refers to it there.
  .globl around
  .type around, @function
around:
  leaq literal3(%rip), %rax
  jmp 1f
  .type literal3, @object
// CHECK-NEXT: keep not-code: .text+{{.*}}64 48 8b 04 25 28 00 00 00{{.*}} # a jump table or literal
literal3:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0
  .size literal3, . - literal3
1:
// CHECK-NEXT: move canary: .text+{{.*}} (around+
  movq %fs:0x28, %rcx
  ret
  .size around, . - around
  .type beside, @function
beside:
  jmp 1f
  .type literal4, @object
// CHECK-NEXT: keep not-code: .text+{{.*}}64 48 8b 04 25 28 00 00 00{{.*}} # a jump table or literal
literal4:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0
  .size literal4, . - literal4
1:
  ret
  .size beside, . - beside
// A jump table can be one.
  .globl typed
  .type typed, @function
typed:
  leaq table2(%rip), %rdx
  movslq (%rdx,%rdi,4), %rax
  addq %rdx, %rax
  jmp *%rax
  .type table2, @object
table2:
  .long .Lthree - table2, .Lfour - table2
  .size table2, . - table2
// CHECK-NEXT: move canary: .text+{{.*}} (typed+
.Lthree:
  movq %fs:0x28, %rax
  ret
// CHECK-NEXT: move canary: .text+{{.*}} (typed+
.Lfour:
  movq %fs:0x28, %rcx
  ret
  .size typed, . - typed

// But what is a function, by another name, is code.
  .globl named, called
  .type named, @object
  .type called, @function
named:
called:
// CHECK-NEXT: move canary: .text+{{.*}} (called+
  movq %fs:0x28, %rax
  ret
  .size called, . - called
  .size named, . - named

// A label of assembly without a type, and no symbol of its own at all.
  .globl entry
entry:
// CHECK-NEXT: move pointer-guard: .text+{{.*}} (entry+0x0)
  xorq %fs:0x30, %rax
  ret
// CHECK-NOT: {{^}}{{.*}}.o:
