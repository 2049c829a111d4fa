// The TLS model: general- and local-dynamic become local-exec by default, so
// that no relaxation can write %fs; what is initial-exec stays.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: for f in -O2 -O0 -mtls-dialect=gnu2 -ftls-model=local-dynamic -fplugin-arg-segshift_gcc-tls-model=local-exec; do gcc-12 -fplugin=%gcc12-plugin -O2 -fPIC $f -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE || exit 1; done
// RUN: for f in -O2 -O0 -mtls-dialect=gnu2; do gcc-12 -fplugin=%gcc12-plugin -O2 -fPIC $f -fplugin-arg-segshift_gcc-tls-model=initial-exec -S %s -o - | FileCheck %s --check-prefixes=CHECK,IE || exit 1; done
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fPIC -fplugin-arg-segshift_gcc-tls-model=keep -S %s -o - | FileCheck %s --check-prefixes=CHECK,GD
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fPIC -mtls-dialect=gnu2 -fplugin-arg-segshift_gcc-tls-model=keep -S %s -o - | FileCheck %s --check-prefixes=CHECK,DESC
// With LTO the link's option counts.
// RUN: gcc-12 -O2 -fPIC -flto -c %s -o %t.o && gcc-12 -fplugin=%gcc12-plugin -fplugin-arg-segshift_gcc-tls-model=initial-exec -O2 -fPIC -flto -flinker-output=nolto-rel -r %t.o -o %t.r.o && llvm-readelf -r %t.r.o | FileCheck %s --check-prefix=LTO
extern __thread int ext;
static __thread int local = 1;
extern __attribute__((tls_model("initial-exec"))) __thread int ie;
// LTO-NOT: TLSGD
// LTO: R_X86_64_GOTTPOFF
// LTO-NOT: TLSGD
// CHECK-NOT: %fs
// CHECK-LABEL: get_ext:
// LE: %gs:{{.*}}ext@tpoff
// IE: ext@gottpoff(%rip)
// IE: %gs:
// GD: ext@tlsgd(%rip)
// GD: __tls_get_addr
// DESC: leaq ext@TLSDESC(%rip), %rax
// DESC: call *ext@TLSCALL(%rax)
// DESC: %gs:
int get_ext(void) { return ext; }
// CHECK-LABEL: add_local:
// LE: local@tpoff
// IE: local@gottpoff(%rip)
// IE: %gs:
// GD: local@tls{{gd|ld}}
// DESC: leaq local@TLSDESC(%rip), %rax
// DESC: %gs:
void add_local(int v) { local += v; }
// CHECK-LABEL: get_ie:
// CHECK: ie@gottpoff(%rip)
// CHECK: %gs:
int get_ie(void) { return ie; }
// CHECK-NOT: %fs
