; Shapes that C does not make: constant expressions, phis, selects, musttail, odd integers.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
target triple = "x86_64-pc-linux-gnu"

@a = thread_local global i32 1, align 4
@b = thread_local(localexec) global [16 x i32] zeroinitializer, align 16
@c = external thread_local(initialexec) global i64
@d = internal thread_local global { i8, i24, i64 } zeroinitializer
@e = linkonce_odr thread_local global i32 3
@f = weak_odr thread_local global i32 4
@g = available_externally thread_local(initialexec) global i32 5
@h = extern_weak thread_local(initialexec) global i32
@i = common thread_local global i32 0
@v = thread_local global <5 x float> zeroinitializer
@w = thread_local global i129 0
@p = thread_local global ptr null
@al = thread_local alias i32, getelementptr inbounds ([16 x i32], ptr @b, i64 0, i64 3)
@unnamed = private thread_local unnamed_addr global i32 9
@small = thread_local global i32 0, code_model "small"

declare ptr @llvm.threadlocal.address.p0(ptr nonnull)
declare ptr @llvm.thread.pointer.p0()
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare <8 x i32> @llvm.masked.load.v8i32.p0(ptr, i32, <8 x i1>, <8 x i32>)
declare <4 x i32> @llvm.masked.gather.v4i32.v4p0(<4 x ptr>, i32, <4 x i1>, <4 x i32>)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare void @use(ptr)
declare i32 @__gxx_personality_v0(...)

; No llvm.threadlocal.address: the variable itself as an operand, as other front
; ends write it.
define i32 @direct() {
  %x = load i32, ptr @a
  %y = add i32 %x, 1
  store i32 %y, ptr @a
  ret i32 %y
}
define i64 @constant_expression() {
  %x = load i64, ptr getelementptr (i8, ptr @b, i64 24)
  %y = add i64 %x, ptrtoint (ptr @a to i64)
  ret i64 %y
}
define void @stored_address() {
  store ptr @a, ptr @p
  store ptr getelementptr ([16 x i32], ptr @b, i64 0, i64 5), ptr @p
  ret void
}
define i32 @alias() {
  %x = load i32, ptr @al
  ret i32 %x
}
define i32 @each_linkage() {
  %1 = load i32, ptr @e
  %2 = load i32, ptr @f
  %3 = load i32, ptr @g
  %4 = load i32, ptr @h
  %5 = load i32, ptr @i
  %6 = load i32, ptr @unnamed
  %7 = load i32, ptr @small
  %8 = add i32 %1, %2
  %9 = add i32 %8, %3
  %10 = add i32 %9, %4
  %11 = add i32 %10, %5
  %12 = add i32 %11, %6
  %13 = add i32 %12, %7
  ret i32 %13
}
define i32 @select(i1 %k) {
  %pa = call ptr @llvm.threadlocal.address.p0(ptr @a)
  %pe = call ptr @llvm.threadlocal.address.p0(ptr @e)
  %q = select i1 %k, ptr %pa, ptr %pe
  %x = load i32, ptr %q
  ret i32 %x
}
define i32 @phi(i1 %k) {
  br i1 %k, label %t, label %m
t:
  call void @use(ptr @a)
  br label %m
m:
  %q = phi ptr [ @a, %t ], [ @e, %0 ]
  %x = load i32, ptr %q
  ret i32 %x
}
define void @odd(i129 %x, <5 x float> %y) {
  store i129 %x, ptr @w
  store <5 x float> %y, ptr @v
  %o = load i24, ptr getelementptr (i8, ptr @d, i64 4)
  store i24 %o, ptr @d
  ret void
}
define <4 x i32> @gather(<4 x i64> %n, <4 x i1> %m) {
  %q = getelementptr i32, ptr @b, <4 x i64> %n
  %x = call <4 x i32> @llvm.masked.gather.v4i32.v4p0(<4 x ptr> %q, i32 4, <4 x i1> %m, <4 x i32> zeroinitializer)
  ret <4 x i32> %x
}
define <8 x i32> @masked(<8 x i1> %m) "target-features"="+avx512vl" {
  %x = call <8 x i32> @llvm.masked.load.v8i32.p0(ptr @b, i32 4, <8 x i1> %m, <8 x i32> zeroinitializer)
  ret <8 x i32> %x
}
define i32 @must_tail(i32 %x) {
  %f = load ptr, ptr @p
  %r = musttail call i32 %f(i32 %x)
  ret i32 %r
}
define tailcc i32 @tail_cc(i32 %x) {
  %f = load ptr, ptr @p
  %r = musttail call tailcc i32 %f(i32 %x)
  ret i32 %r
}
define i64 @thread_pointer(i64 %i) {
  %t = call ptr @llvm.thread.pointer.p0()
  %q = getelementptr i64, ptr %t, i64 %i
  %x = load i64, ptr %q
  %y = load i64, ptr @c
  %z = add i64 %x, %y
  ret i64 %z
}
define i32 @invoke() personality ptr @__gxx_personality_v0 {
  %f = load ptr, ptr @p
  invoke void %f() to label %ok unwind label %bad
ok:
  %x = load i32, ptr @a
  ret i32 %x
bad:
  %l = landingpad { ptr, i32 } cleanup
  store i32 0, ptr @a
  resume { ptr, i32 } %l
}
define i32 @atomics(i32 %x) {
  %1 = atomicrmw uinc_wrap ptr @a, i32 %x seq_cst
  %2 = atomicrmw udec_wrap ptr @a, i32 %x seq_cst
  %3 = atomicrmw usub_cond ptr @a, i32 %x seq_cst
  %4 = atomicrmw usub_sat ptr @a, i32 %x seq_cst
  %5 = cmpxchg weak ptr @a, i32 %x, i32 %1 acquire monotonic
  %6 = load atomic i32, ptr @a unordered, align 4
  store atomic i32 %6, ptr @a unordered, align 4
  fence syncscope("singlethread") seq_cst
  ret i32 %4
}
define void @frozen() minsize optsize {
  call void @llvm.memcpy.p0.p0.i64(ptr @b, ptr @p, i64 8, i1 true)
  call void @llvm.prefetch.p0(ptr @b, i32 1, i32 2, i32 1)
  ret void
}
define ghccc void @ghc(i64 %x) {
  store i64 %x, ptr @c
  ret void
}
define i32 @loop(i32 %n) {
  br label %l
l:
  %i = phi i32 [ 0, %0 ], [ %j, %l ]
  %j = add i32 %i, 1
  %x = load volatile i32, ptr @a
  store volatile i32 %j, ptr getelementptr (i8, ptr @b, i64 -4)
  %k = icmp slt i32 %j, %n
  br i1 %k, label %l, label %out
out:
  ret i32 %x
}
define i32 @dead(i32 %n) {
  %x = load i32, ptr @a
  br i1 false, label %never, label %out
never:
  store i32 %n, ptr @a
  br label %out
out:
  ret i32 %n
}

; Position-independent, but an executable: no dynamic TLS model by itself.
!llvm.module.flags = !{!0, !1}
!0 = !{i32 8, !"PIC Level", i32 2}
!1 = !{i32 7, !"PIE Level", i32 2}
