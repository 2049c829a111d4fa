// Functions marked segshift.keep-fs keep FS, are not inlined, and nothing is
// inlined into them, even always_inline. Their canary moves all the same.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: for o in 0 1 2 3 s; do %clang -fpass-plugin=%plugin -O$o -fstack-protector-all -S %s -o - | FileCheck %s || exit 1; done
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -emit-llvm -c %s -o %t.bc
// RUN: llc -load-pass-plugin=%plugin -relocation-model=pic %t.bc -o - | FileCheck %s
// The linker's plugin finds the mark in bitcode too.
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -flto=thin -c %s -o %t.o
// RUN: ld.lld --load-pass-plugin=%plugin -r --lto-emit-asm %t.o -o %t.r && cat %t.r.lto.*.s | FileCheck %s
#define KEEP __attribute__((annotate("segshift.keep-fs")))
__thread long app;
__thread long kernel;
void use(void *);

// CHECK-LABEL: {{^}}keep:
// CHECK: %gs:40
// CHECK-DAG: %fs:
// CHECK: %gs:40
// CHECK-NOT: kernel@TPOFF
// CHECK: .cfi_endproc
KEEP long keep(void) { long v[4] = {app}; use(v); return v[0] + app; }

static inline __attribute__((always_inline)) long always(void) { return kernel; }
// CHECK-LABEL: {{^}}keep_caller:
// CHECK-NOT: kernel@TPOFF
// CHECK: call{{q?}} always
// CHECK-NOT: kernel@TPOFF
// CHECK: .cfi_endproc
KEEP long keep_caller(void) { return always() + app; }

KEEP static inline __attribute__((always_inline)) long keep_always(void) { return app; }
// CHECK-LABEL: {{^}}caller:
// CHECK-NOT: %fs:
// CHECK: call{{q?}} keep_always
// CHECK: %gs:kernel@TPOFF
// CHECK: .cfi_endproc
long caller(void) { return keep_always() + kernel; }
// CHECK-LABEL: {{^}}keep_always:
// CHECK: %fs:app@TPOFF
