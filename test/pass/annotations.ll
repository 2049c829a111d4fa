; llvm.global.annotations in shapes that Clang does not write; and the pass by its name.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; RUN: opt -load-pass-plugin=%plugin -passes=segshift-keep-fs -S %s | FileCheck %s
; RUN: not opt -load-pass-plugin=%plugin -passes=segshift-other -S %s 2>&1 | FileCheck %s --check-prefix=OTHER
; OTHER: unknown pass name 'segshift-other'
; DEFINE: %{short} = opt -load-pass-plugin=%plugin -passes=segshift-keep-fs -S | FileCheck %s --check-prefix=NONE
; NONE-NOT: segshift-keep-fs
; RUN: echo '@llvm.global.annotations = global [1 x { ptr }] [{ ptr } { ptr @f }] define void @f() { ret void }' | %{short}
; RUN: echo '@llvm.global.annotations = external global [1 x { ptr, ptr }]' | %{short}
@x = global i32 0
@text = private constant [17 x i8] c"segshift.keep-fs\00"
@llvm.global.annotations = appending global [4 x { ptr, ptr }] [
  { ptr, ptr } zeroinitializer,
  { ptr, ptr } { ptr @keeps, ptr @text },
  { ptr, ptr } { ptr @x, ptr @text },
  { ptr, ptr } { ptr @plain, ptr @x }], section "llvm.metadata"
; CHECK: define i32 @keeps() #[[KEEPS:[0-9]+]] {
define i32 @keeps() {
  ret i32 0
}
; CHECK: define i32 @plain() {
define i32 @plain() {
  ret i32 0
}
; CHECK: attributes #[[KEEPS]] = { noinline "segshift-keep-fs" }
