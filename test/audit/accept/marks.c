// Uses of FS that the plugin marks as meant: shown, but no findings; in objects
// and in images, also in the large code model.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O2 -mfsgsbase -fpass-plugin=%plugin -c %s -o %t.o
// RUN: %segshift audit %t.o > %t.txt
// RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding: --implicit-check-not=note:
// RUN: %llvm/ld.lld -e start %t.o -o %t.elf
// RUN: %segshift audit %t.elf > %t.elf.txt
// RUN: FileCheck %s --input-file=%t.elf.txt --implicit-check-not=finding: --implicit-check-not=note:
// RUN: %clang --target=x86_64-linux-gnu -O2 -mfsgsbase -mcmodel=large -fpass-plugin=%plugin -c %s -o %t.large.o
// RUN: %segshift audit %t.large.o > %t.large.txt
// RUN: FileCheck %s --input-file=%t.large.txt --implicit-check-not=finding:
// RUN: %llvm/ld.lld -e start %t.large.o -o %t.large.elf
// RUN: %segshift audit %t.large.elf > %t.large.elf.txt
// RUN: FileCheck %s --input-file=%t.large.elf.txt --implicit-check-not=finding:
// With each function in a section of its own, and some of them dropped.
// RUN: %clang --target=x86_64-linux-gnu -O2 -mfsgsbase -ffunction-sections -fpass-plugin=%plugin -c %s -o %t.split.o
// RUN: %segshift audit --quiet %t.split.o
// RUN: %llvm/ld.lld -e range --gc-sections %t.split.o -o %t.gc.elf
// RUN: %segshift audit %t.gc.elf | FileCheck %s --check-prefix=GC
// GC: 1 file: 0 findings, 0 allowed, 2 on purpose, 0 notes

// On request they are findings like all others.
// RUN: %segshift audit --no-marks %t.elf > %t.no.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.no.txt --check-prefix=NO
// NO: 1 file: 6 findings in 3 functions, 0 allowed, 0 on purpose, 0 notes

__attribute__((noinline)) long other(void);
long other(void) { return 1; }

// CHECK: in function 'pointer':
// CHECK-NEXT: on purpose: memory access through %fs:(computed address), in pointer+{{.*}} [fs-memory]
// CHECK-NEXT: movq {{.*}}%fs:(
// CHECK-NEXT: because: the object marks this use of FS as meant
// CHECK: on purpose: memory access through %fs:(computed address), in pointer
__attribute__((noinline)) long pointer(long __seg_fs *p, long __seg_fs *q) {
  *p = 1;
  other();
  return *q;
}
// CHECK: on purpose: reads FS_BASE, in base
// CHECK: on purpose: writes FS_BASE, in base
__attribute__((noinline)) long base(long x) {
  long old = __builtin_ia32_rdfsbase64();
  __builtin_ia32_wrfsbase64(x);
  return old;
}
// CHECK: on purpose: memory access through %fs:0x8
// CHECK: on purpose: memory access through %fs:0x10
__attribute__((noinline)) long range(void) {
  long a, b;
  __asm__ volatile("movq %%fs:8, %0" : "=r"(a));
  other();
  __asm__ volatile("movq %%fs:16, %0" : "=r"(b));
  return a + b;
}
// A TLS access beside them is no use of FS at all.
__thread long x;
long start(void) { return pointer(0, 0) + base(0) + range() + x; }
// CHECK: 1 file: 0 findings, 0 allowed, 6 on purpose
