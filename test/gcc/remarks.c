// -fopt-info lists what moved and what stayed and why, -fplugin-arg-segshift_gcc-stats
// counts. Without them the plugin is silent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -g -fstack-protector-all -c %s -o %t.o 2>&1 | count 0
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fPIE -fopt-info-optall-optimized -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: gcc-12 -fplugin=%gcc12-plugin -O0 -fPIE -fopt-info-optall-optimized -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fopt-info-optall-missed -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: gcc-12 -fplugin=%gcc12-plugin -O0 -fopt-info-optall-missed -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fplugin-arg-segshift_gcc-stats -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -fopt-info-optall-optimized -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=CANARY
// The code is the same with and without them.
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -c %s -o %t.quiet.o
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fopt-info-all=%t.txt -c %s -o %t.o && cmp %t.quiet.o %t.o
// STATS: segshift: {{.*}}remarks.c: 4 TLS uses moved to GS, 4 FS uses left alone, 0 canary loads moved to GS
#include "../../runtime/include/segshift/keep_fs.h"
__thread int counter;
extern __thread long total;
// CANARY: remarks.c:{{[0-9]+}}:{{.*}}canary of 'read' moved to %gs
// MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: optimized: access to thread-local 'counter' moved to %gs
int read(void) { return counter; }
// MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: optimized: access to thread-local 'total' moved to %gs
void write(long v) { total = v; }
// MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: optimized: use of the thread pointer moved to %gs
void *pointer(void) { return __builtin_thread_pointer(); }
// KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: missed: {{.*}}%fs left alone: the program's own use of %fs
int own(int __seg_fs *p) { return *p; }
// KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: missed: {{.*}}%fs left alone: the program's own use of %fs
long null(void) { return *(volatile long __seg_fs *)0 + counter; }
long text(void) {
  long v;
  // KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: missed: {{.*}}%fs left alone: inline assembly
  __asm__ volatile("movq %%fs:0, %0" : "=r"(v));
  return v;
}
// KEPT: remarks.c:{{[0-9]+}}:{{[0-9]+}}: missed: {{.*}}%fs left alone: the function is marked segshift_keep_fs
SEGSHIFT_KEEPS_FS int keep(void) { return counter; }
