// Trap 1: %fs in inline assembly, and instructions that name the FS base.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: for o in 0 2; do %clang -fpass-plugin=%plugin -mfsgsbase -O$o -S %s -o - | FileCheck %s || exit 1; done
__thread long x;
// CHECK-LABEL: text:
// CHECK: movq %fs:16,
// CHECK: %gs:{{0|x@TPOFF}}
long text(void) { long v; __asm__ volatile("movq %%fs:16, %0" : "=r"(v)); return v + x; }
// CHECK-LABEL: base:
// CHECK: rdfsbaseq
// CHECK: %gs:{{0|x@TPOFF}}
long base(void) { return (long)__builtin_ia32_rdfsbase64() + x; }
// CHECK-LABEL: set_base:
// CHECK: wrfsbaseq
void set_base(long v) { __builtin_ia32_wrfsbase64((unsigned long)v); x = v; }
// CHECK-LABEL: operand:
// CHECK: {{incq %gs:x@TPOFF|movq %gs:0}}
// CHECK-NOT: %fs
void operand(void) { __asm__("incq %0" : "+m"(x)); }
