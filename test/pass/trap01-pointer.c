// Trap 1: a pointer into FS means FS, at every level, also in one expression
// with a TLS access.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: for o in 0 1 2 3 s z; do %clang -fpass-plugin=%plugin -O$o -S %s -o - | FileCheck %s || exit 1; done
typedef int __seg_fs fsint;
__thread int x;

// CHECK-LABEL: deref:
// CHECK-NOT: %gs
// CHECK: movl %fs:(%r{{[a-z]+}}), %eax
// CHECK-NOT: %gs
// CHECK: .cfi_endproc
int deref(fsint *p) { return *p; }
// CHECK-LABEL: constant:
// CHECK: movl %fs:128, %eax
int constant(void) { return *(fsint *)0x80; }
// CHECK-LABEL: zero:
// CHECK: movl %fs:0, %eax
int zero(void) { return *(fsint *)0; }
// CHECK-LABEL: beside:
// CHECK-DAG: %fs:({{%r[a-z]+}})
// CHECK-DAG: %gs:{{0|x@TPOFF}}
// CHECK: .cfi_endproc
int beside(fsint *p) { return *p + x; }
// CHECK-LABEL: atomic:
// CHECK-DAG: lock {{.*}}%fs:(%r
// CHECK-DAG: lock {{.*}}%gs:
// CHECK: .cfi_endproc
void atomic(fsint *p) {
  __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&x, 1, __ATOMIC_SEQ_CST);
}
