// On-purpose FS sites are listed in segshift_fs, linked to their code, so that
// dropping the code drops the entry: a pair of distances, 8 bytes, each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -ffunction-sections -c %s -o %t.o
// RUN: llvm-readelf -SrW %t.o | FileCheck %s
// RUN: %clang -fpass-plugin=%plugin -O2 -fno-pic -mcmodel=large -ffunction-sections -c %s -o %t.large.o
// RUN: llvm-readelf -SrW %t.large.o | FileCheck %s --check-prefix=LARGE
// RUN: ld.lld --gc-sections -e _start %t.o -o %t.lld && llvm-readelf -SW %t.lld | FileCheck %s --check-prefix=LINKED
// RUN: ld.bfd --gc-sections -e _start %t.o -o %t.bfd && llvm-readelf -SW %t.bfd | FileCheck %s --check-prefix=LINKED
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
__thread long x;
void _start(void) { // two pairs of addresses
  x = *(long __seg_fs *)0x80;
  *(long __seg_fs *)0x88 = x;
}
long unused(long __seg_fs *p) { return *p + x; } // one pair
long assembly(void) { long v; __asm__ volatile("movq %%fs:0, %0" : "=r"(v)); return v; }
long none(void) { return x; }
