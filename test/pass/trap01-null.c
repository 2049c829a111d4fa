// Trap 1: at address 0 a program's own FS access looks like the thread pointer's
// load, and selection would merge the two. They stay apart: FS for the
// program's, GS for TLS, with one more load at most.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: for o in 0 1 2 3 s z; do %clang -fpass-plugin=%plugin -O$o -fPIE -S %s -o - | FileCheck %s || exit 1; done
extern __thread long ext;
__thread long def;
void use(void *, long);

// CHECK-LABEL: null_and_address:
// CHECK-DAG: %fs:0
// CHECK-DAG: %gs:0
// CHECK: .cfi_endproc
void null_and_address(void) { use(&def, *(long __seg_fs *)0); }
// CHECK-LABEL: null_and_pointer:
// CHECK-DAG: %fs:0
// CHECK-DAG: %gs:0
// CHECK: .cfi_endproc
void null_and_pointer(void) { use(__builtin_thread_pointer(), *(long __seg_fs *)0); }
// CHECK-LABEL: null_twice:
// CHECK-DAG: %fs:0
// CHECK-DAG: %gs:0
// CHECK: .cfi_endproc
void null_twice(void) { use(&ext, *(long __seg_fs *)0 + *(long __seg_fs *)0); }
// CHECK-LABEL: null_store:
// CHECK-DAG: %fs:0
// CHECK-DAG: %gs:0
// CHECK: .cfi_endproc
void null_store(void) { *(void *__seg_fs *)0 = &def; }
// CHECK-LABEL: null_exchange:
// CHECK-DAG: xchgq {{.*}}%fs:0
// CHECK-DAG: %gs:
// CHECK: .cfi_endproc
long null_exchange(long v) { return __atomic_exchange_n((long __seg_fs *)0, v, 5) + def; }
// CHECK-LABEL: null_chain:
// CHECK: %fs:0
// CHECK: %gs:
// CHECK: .cfi_endproc
long null_chain(void) { return **(long *__seg_fs *)0 + ext; }
// A pointer that was converted to a plain one reaches no segment.
// CHECK-LABEL: generic:
// CHECK-NOT: %fs
// CHECK: movq 0, %
// CHECK: .cfi_endproc
long generic(void) { return *(volatile long *)(long __seg_fs *)0 + ext; }

// At -O2 the plain build serves both with one load of %fs:0; here it is exactly
// one load more, and the rest is equal.
// RUN: %clang -O2 -fPIE -S %s -o %t.fs && %clang -fpass-plugin=%plugin -O2 -fPIE -S %s -o %t.gs
// RUN: sed -n '/^null_and_pointer:/,/retq\|jmp/p' %t.fs | grep -c '%%fs:0' | grep -x 1
// RUN: sed -n '/^null_and_pointer:/,/retq\|jmp/p' %t.gs | grep -c '%%[fg]s:0' | grep -x 2
