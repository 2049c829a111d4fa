// Functions marked SEGSHIFT_KEEPS_FS keep FS, are not inlined, and nothing is inlined
// into them but always_inline functions without TLS. Their canary moves all the same.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: for o in 0 1 2 3 s; do gcc-12 -fplugin=%gcc12-plugin -O$o -fstack-protector-all -S %s -o - | FileCheck %s || exit 1; done
// The mark is in the intermediate code of LTO too.
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -flto -c %s -o %t.o
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -flto -flinker-output=nolto-rel -r %t.o -o %t.r.o && llvm-objdump -dr --no-show-raw-insn %t.r.o | FileCheck %s --check-prefix=LTO
// Without the plugin the compiler knows no such attribute, and the header does not
// name it.
// RUN: gcc-12 -Werror -O2 -c %s -o %t.o
#include "../../runtime/include/segshift/keep_fs.h"
#include <immintrin.h>
__thread long app;
__thread long kernel;
void use(void *);

// CHECK-LABEL: {{^}}keep:
// CHECK: %gs:40
// CHECK-DAG: %fs:
// CHECK: %gs:40
// CHECK-NOT: kernel@tpoff
// CHECK: .cfi_endproc
// LTO-LABEL: <keep>:
// LTO: %gs:0x28
// LTO: %fs:
SEGSHIFT_KEEPS_FS long keep(void) { long v[4] = {app}; use(v); return v[0] + app; }

static inline long callee(void) { return kernel; }
static inline __attribute__((always_inline)) long twice(long v) { return 2 * v; }
// CHECK-LABEL: {{^}}keep_caller:
// CHECK-NOT: kernel@tpoff
// CHECK: call{{q?}} callee
// CHECK-NOT: call{{q?}} twice
// CHECK-NOT: kernel@tpoff
// CHECK: .cfi_endproc
SEGSHIFT_KEEPS_FS long keep_caller(void) { return callee() + twice(app); }

// CHECK-LABEL: {{^}}keep_inline:
// CHECK: %fs:
// CHECK: .cfi_endproc
SEGSHIFT_KEEPS_FS long keep_inline(void) { return app; }
// CHECK-LABEL: {{^}}caller:
// CHECK-NOT: %fs:
// CHECK: call{{q?}} keep_inline
// CHECK-NOT: %fs:
// CHECK: .cfi_endproc
long caller(void) { return keep_inline() + kernel; }
// The same code, but another segment: they are not folded.
long plain(void) { return app; }
SEGSHIFT_KEEPS_FS long kept(void) { return app; }
// CHECK-LABEL: {{^}}kept:
// CHECK: %fs:{{.*}}app@{{tpoff|ntpoff}}
