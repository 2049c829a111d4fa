// The TLS model: general- and local-dynamic become local-exec by default, so
// that no relaxation can write %fs; what is initial-exec stays.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE
// RUN: %clang -fpass-plugin=%plugin -O0 -fPIC -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mtls-dialect=gnu2 -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mllvm -segshift-tls-model=local-exec -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -ftls-model=local-dynamic -S %s -o - | FileCheck %s --check-prefixes=CHECK,LE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mllvm -segshift-tls-model=initial-exec -S %s -o - | FileCheck %s --check-prefixes=CHECK,IE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mtls-dialect=gnu2 -mllvm -segshift-tls-model=initial-exec -S %s -o - | FileCheck %s --check-prefixes=CHECK,IE
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mllvm -segshift-tls-model=keep -S %s -o - | FileCheck %s --check-prefixes=CHECK,GD
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -mtls-dialect=gnu2 -mllvm -segshift-tls-model=keep -S %s -o - | FileCheck %s --check-prefixes=CHECK,DESC
// RUN: not %clang -fpass-plugin=%plugin -O2 -mllvm -segshift-tls-model=global -S %s -o - 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: {{[Cc]}}annot find option named 'global'
extern __thread int ext;
static __thread int local = 1;
extern __attribute__((tls_model("initial-exec"))) __thread int ie;

// CHECK-NOT: %fs
// CHECK-LABEL: get_ext:
// LE-NOT: @GOTTPOFF
// LE: %gs:
// LE-SAME: {{$}}
// IE: ext@GOTTPOFF(%rip)
// IE: %gs:
// GD: ext@TLSGD(%rip)
// GD: __tls_get_addr
// DESC: leaq ext@tlsdesc(%rip), %rax
// DESC: callq *ext@tlscall(%rax)
// DESC: %gs:
int get_ext(void) { return ext; }
// CHECK-LABEL: add_local:
// LE: local@TPOFF
// IE: local@GOTTPOFF(%rip)
// IE: %gs:
// GD: local@TLS{{GD|LD}}
// DESC: _TLS_MODULE_BASE_@tlsdesc(%rip)
// DESC: %gs:
void add_local(int v) { local += v; }
// CHECK-LABEL: get_ie:
// CHECK: ie@GOTTPOFF(%rip)
// CHECK: %gs:
int get_ie(void) { return ie; }
// CHECK-NOT: %fs
