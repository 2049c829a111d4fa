; opt and llc with -load-pass-plugin; code generation in two steps; doing it
; twice changes nothing.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; RUN: llc -load-pass-plugin=%plugin -relocation-model=pic < %s | FileCheck %s
; RUN: llc -O0 -load-pass-plugin=%plugin -relocation-model=static < %s | FileCheck %s
; RUN: opt -load-pass-plugin=%plugin -passes='default<O2>' -S %s -o %t.ll && llc -load-pass-plugin=%plugin %t.ll -o %t.s && FileCheck %s < %t.s
; opt alone changes neither segment nor model, so what comes later decides.
; RUN: llc %t.ll -o - | FileCheck %s --check-prefix=PLAIN
; Twice: the pipeline half, and the plugin given two times.
; RUN: opt -load-pass-plugin=%plugin -passes='default<O2>' -S %t.ll -o %t2.ll && llc -load-pass-plugin=%plugin %t2.ll -o %t2.s && cmp %t.s %t2.s
; RUN: llc -load-pass-plugin=%plugin -load-pass-plugin=%plugin %t.ll -o %t3.s && cmp %t.s %t3.s
; RUN: llc -load-pass-plugin=%plugin -compile-twice -filetype=obj %t.ll -o %t.twice.o
; RUN: llc -load-pass-plugin=%plugin -filetype=obj %t.ll -o %t.once.o && cmp %t.once.o %t.twice.o
; clang -emit-llvm, with and without the plugin, then code generation with it.
; RUN: %clang -fpass-plugin=%plugin -O1 -emit-llvm -c %s -o %t.bc && %clang -fpass-plugin=%plugin -O1 -c %t.bc -o %t.a.o
; RUN: %clang -O1 -emit-llvm -c %s -o %t.bc && %clang -fpass-plugin=%plugin -O1 -c %t.bc -o %t.b.o
; RUN: cmp %t.a.o %t.b.o
; RUN: llvm-objdump -d %t.a.o | FileCheck %s --check-prefix=OBJECT
; Compiling twice gives the same bytes.
; RUN: %clang -fpass-plugin=%plugin -O1 -c %t.bc -o %t.c.o && cmp %t.b.o %t.c.o
; A code generator of the new pass manager runs none of the plugin's passes.
; RUN: not llc -enable-new-pm -load-pass-plugin=%plugin %t.bc -o %t.none.o 2>&1 | FileCheck %s --check-prefix=NEWPM
; NEWPM: segshift: a code generator of the new pass manager does not run the plugin's passes, {{.*}} [SEG113]
target triple = "x86_64-pc-linux-gnu"
@x = dso_local thread_local global i32 0
define i32 @get() {
; CHECK-LABEL: get:
; CHECK-NOT: %fs
; CHECK: movl %gs:{{.*}}x{{.*}}@TPOFF
; CHECK-NOT: __tls_get_addr
; PLAIN-LABEL: get:
; PLAIN-NOT: %gs
; PLAIN: {{%fs|__tls_get_addr}}
; OBJECT-LABEL: <get>:
; OBJECT-NOT: %fs
; OBJECT: %gs:
  %v = load i32, ptr @x
  ret i32 %v
}
