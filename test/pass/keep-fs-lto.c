// A segshift.keep-fs function with LTO: kept when the plugin was there at compile
// time; with the plugin in the linker only, a warning, since clang may have
// inlined it before.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -O2 -flto -c %s -o %t.full.o
// RUN: ld.lld --load-pass-plugin=%plugin %t.full.o -o %t.full 2>&1 | FileCheck %s --check-prefix=WARN
// RUN: %clang -O2 -flto=thin -c %s -o %t.thin.o
// RUN: ld.lld --load-pass-plugin=%plugin %t.thin.o -o %t.thin 2>&1 | FileCheck %s --check-prefix=WARN
// WARN: warning: segshift: function 'kept' is marked segshift.keep-fs but was optimised without the plugin; load it when compiling too, or add noinline
// WARN-NOT: warning

// RUN: %clang -O2 -flto -fpass-plugin=%plugin -c %s -o %t.full.o
// RUN: ld.lld --load-pass-plugin=%plugin %t.full.o -o %t.full 2>&1 | count 0
// RUN: llvm-objdump -d %t.full | FileCheck %s
// RUN: %clang -O2 -flto=thin -fpass-plugin=%plugin -c %s -o %t.thin.o
// RUN: ld.lld --load-pass-plugin=%plugin %t.thin.o -o %t.thin 2>&1 | count 0
// RUN: llvm-objdump -d %t.thin | FileCheck %s
// CHECK-LABEL: <kept>:
// CHECK-NOT: %gs
// CHECK: %fs
// CHECK-LABEL: <_start>:
// CHECK-NOT: %fs
// CHECK: %gs
__thread int value;
__attribute__((annotate("segshift.keep-fs"))) int kept(void) { return value; }
void _start(void) { value += kept(); }
