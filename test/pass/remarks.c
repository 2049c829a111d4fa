// -Rpass lists what moved, -Rpass-missed what stayed and why, -segshift-stats
// counts. Without them the plugin is silent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -g -fstack-protector-all -c %s -o %t.o 2>&1 | count 0
// RUN: %clang -fpass-plugin=%plugin -O2 -g -fPIE -Rpass=segshift -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: %clang -fpass-plugin=%plugin -O0 -g -fPIE -Rpass=segshift -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: %clang -fpass-plugin=%plugin -O2 -g -Rpass-missed=segshift -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: %clang -fpass-plugin=%plugin -O0 -g -Rpass-missed=segshift -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: %clang -fpass-plugin=%plugin -O2 -mllvm -segshift-stats -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: %clang -fpass-plugin=%plugin -O2 -g -fstack-protector-all -Rpass=segshift -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=CANARY
// RUN: %clang -fpass-plugin=%plugin -O2 -g -fsave-optimization-record -foptimization-record-file=%t.yaml -c %s -o %t.o 2>&1 | count 0
// RUN: FileCheck %s --check-prefix=RECORD < %t.yaml
// The code is the same with and without them.
// RUN: %clang -fpass-plugin=%plugin -O2 -g -c %s -o %t.quiet.o && cmp %t.quiet.o %t.o
// STATS: segshift: {{.*}}remarks.c: 4 TLS uses moved to GS, 4 FS uses left alone
// RECORD: Pass: segshift
// RECORD-NEXT: Name: Moved
__thread int counter;
extern __thread long total;
// CANARY: remarks.c:{{[0-9]+}}:{{.*}}canary of 'read' moved to %gs
int read(void) {
  // MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: access to thread-local 'counter' moved to %gs [-Rpass=segshift]
  return counter;
}
void write(long v) {
  // At -O0 the address is put together step by step.
  // MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: access to thread-local 'total' moved to %gs
  total = v;
}
void *pointer(void) {
  // MOVED: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: use of the thread pointer moved to %gs
  return __builtin_thread_pointer();
}
int own(int __seg_fs *p) {
  // KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: %fs left alone: the program's own use of %fs [-Rpass-missed=segshift]
  return *p;
}
long null(void) {
  // KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: %fs left alone: the program's own use of %fs
  return *(volatile long __seg_fs *)0 + counter;
}
long text(void) {
  long v;
  // KEPT: remarks.c:[[#@LINE+1]]:{{[0-9]+}}: remark: %fs left alone: inline assembly
  __asm__ volatile("movq %%fs:0x40, %0" : "=r"(v));
  return v;
}
// KEPT: remarks.c:{{[0-9]+}}:{{[0-9]+}}: remark: %fs left alone: the function is marked segshift.keep-fs
__attribute__((annotate("segshift.keep-fs"), noinline)) int keep(void) { return counter; }
