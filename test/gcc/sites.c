// On-purpose FS sites are listed in segshift_fs, linked to their code, so that
// dropping the code drops the entry: a pair of distances, 8 bytes, each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -ffunction-sections -c %s -o %t.o
// RUN: llvm-readelf -SrW %t.o | FileCheck %s
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fno-pic -mcmodel=large -ffunction-sections -c %s -o %t.large.o
// RUN: llvm-readelf -SrW %t.large.o | FileCheck %s --check-prefix=LARGE
// RUN: ld.lld --gc-sections -e _start %t.o -o %t.lld && llvm-readelf -SW %t.lld | FileCheck %s --check-prefix=LINKED
// RUN: ld.bfd --gc-sections -e _start %t.o -o %t.bfd && llvm-readelf -SW %t.bfd | FileCheck %s --check-prefix=LINKED
// The audit takes them, and finds nothing else; nor does the rewriter.
// RUN: %segshift audit %t.lld
// RUN: %segshift rewrite --summary %t.o -o %t.rewritten.o && cmp %t.o %t.rewritten.o
// A COMDAT's are of its group; a cold part's are linked to that part.
// RUN: g++-12 -fplugin=%gcc12-plugin -x c++ -DGROUPS -O2 -c %s -o %t.cpp.o && llvm-readelf -gSW %t.cpp.o | FileCheck %s --check-prefix=GROUPS
// RUN: %segshift audit %t.cpp.o
// CHECK: segshift_fs PROGBITS {{.*}} 000010 00 WAL
// CHECK: segshift_fs PROGBITS {{.*}} 000008 00 WAL
// CHECK: segshift_fs PROGBITS {{.*}} 000008 00 WAL
// CHECK-NOT: segshift_fs PROGBITS
// CHECK: Relocation section '.relasegshift_fs'
// CHECK-COUNT-4: R_X86_64_PC32
// LARGE: segshift_fs64
// LARGE: R_X86_64_PC64
// LINKED: segshift_fs PROGBITS {{.*}} 000010 00
// LINKED-NOT: segshift_fs
// GROUPS: COMDAT group section {{.*}} [_Z3getv]
// GROUPS: .text._Z3getv
// GROUPS: segshift_fs
#ifndef GROUPS
__thread long x;
void _start(void) { // two pairs of addresses
  x = *(volatile long __seg_fs *)0x80;
  __asm__ volatile("" ::: "memory");
  x += 1;
  *(volatile long __seg_fs *)0x88 = x;
}
long unused(long __seg_fs *p) { return *p + x; } // one pair
long assembly(void) { long v; __asm__ volatile("movq %%fs:0, %0" : "=r"(v)); return v; }
long none(void) { return x; }
#else
inline __attribute__((noinline)) long get(void) { long v; __asm__ volatile("movq %%fs:0, %0" : "=r"(v)); return v; }
long call(int v) {
  if (__builtin_expect(v, 0)) {
    __asm__ volatile("movq %%fs:8, %%rax" : : : "rax");
    __builtin_abort();
  }
  return get();
}
#endif
