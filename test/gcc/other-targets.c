// Code for other modes is unchanged, with a warning if it has thread-local variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: for m in -m32 -m16; do gcc-12 -fplugin=%gcc12-plugin $m -O2 -ffreestanding -S %s -o %t.s 2> %t.err && FileCheck %s < %t.err && gcc-12 $m -O2 -ffreestanding -S %s -o %t.plain.s && cmp %t.s %t.plain.s || exit 1; done
// RUN: gcc-12 -fplugin=%gcc12-plugin -m32 -O2 -ffreestanding -DNONE -S %s -o %t.s 2>&1 | count 0
#ifndef NONE
// CHECK: other-targets.c:[[#@LINE+1]]:{{.*}}warning: segshift: thread-local variable 'x' stays as it is
__thread int x;
int get(void) { return x; }
#endif
int plain(int __seg_fs *p) { return *p; }
