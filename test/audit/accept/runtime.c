// The runtime's own functions need no allow entry: those of libsegshift.a by name, inline
// ones of <segshift/base.h> by their line. They are allowed to use bases, nothing else; and
// a function of another name, or a header of another folder, is not the runtime's.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O2 -g -ffreestanding -mno-red-zone -mgeneral-regs-only \
// RUN:   -I %src/runtime/include -fpass-plugin=%plugin -c %s -o %t.o
// RUN: %llvm/ld.lld -e start %t.o %build/runtime/libsegshift.a -o %t.elf
// RUN: %segshift audit --no-marks %t.elf > %t.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
// RUN: %llvm/llvm-strip -g %t.elf -o %t.stripped
// RUN: %segshift audit --no-marks %t.stripped > %t.stripped.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.stripped.txt --check-prefix=STRIPPED
#include <segshift/app_fs.h>
#include <segshift/tls.h>

// CHECK: base.h:[[#]]:{{.*}}: allowed: writes FS_BASE, in start
// CHECK: because: segshift's runtime, by segshift/base.h
// STRIPPED: finding: writes FS_BASE, in start
// STRIPPED-NOT: finding: {{.*}}, in segshift_app_arch
void start(void *tp, struct segshift_app_fs *from, struct segshift_app_fs *to,
           const struct segshift_app *app) {
  segshift_base_init(true);
  segshift_set_tp(tp);
  segshift_app_fs_switch(from, to);
  segshift_app_arch_prctl(app, 0x1002, 0);
}
// CHECK: finding: writes FS_BASE, in own
void own(long x) { __asm__ volatile("wrfsbase %0" ::"r"(x)); }
// CHECK: finding: memory access through %fs:0x8
// CHECK: finding: writes FS_BASE, in segshift_app_other
void segshift_app_other(long x) {
  long y;
  __asm__ volatile("movq %%fs:8, %0" : "=r"(y));
  __asm__ volatile("wrfsbase %0" ::"r"(x + y));
}
// CHECK: allowed: {{.*}}, in segshift_{{base_init|app_arch_prctl}}
