// Trap 4: the stack protector's canary moves to %gs:0x28 by itself. Options that
// name a register or global win, and what they leave open moves.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O0 -fstack-protector-all -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIC -fstack-protector-strong -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O2 -fno-pic -mcmodel=kernel -fstack-protector -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard=tls -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard-reg=gs -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard-offset=144 -S %s -o - | FileCheck %s --check-prefix=OFFSET
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard=tls -mstack-protector-guard-offset=144 -mstack-protector-guard-reg=gs -S %s -o - | FileCheck %s --check-prefix=OFFSET
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard-reg=fs -S %s -o - | FileCheck %s --check-prefix=FS
// RUN: %clang -fpass-plugin=%plugin -O0 -fstack-protector-all -mstack-protector-guard-reg=fs -S %s -o - | FileCheck %s --check-prefix=FS
// RUN: %clang -fpass-plugin=%plugin -O2 -fno-pic -fstack-protector-all -mstack-protector-guard-symbol=my_guard -S %s -o - | FileCheck %s --check-prefix=SYMBOL
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -mstack-protector-guard=global -S %s -o - | FileCheck %s --check-prefix=GLOBAL
// RUN: %clang -fpass-plugin=%plugin -O2 -fstack-protector-all -flto -c %s -o %t.o && rm -f %t.r* && ld.lld --load-pass-plugin=%plugin -r --lto-emit-asm %t.o -o %t.r && cat %t.r* | FileCheck %s --check-prefix=GS
// RUN: %clang -O2 -fstack-protector-all -flto=thin -c %s -o %t.o && rm -f %t.r* && ld.lld --load-pass-plugin=%plugin -r --lto-emit-asm %t.o -o %t.r && cat %t.r* | FileCheck %s --check-prefix=GS
// RUN: %clang -O2 -fstack-protector-all -mstack-protector-guard-reg=fs -flto=thin -c %s -o %t.o && rm -f %t.r* && ld.lld --load-pass-plugin=%plugin -r --lto-emit-asm %t.o -o %t.r && cat %t.r* | FileCheck %s --check-prefix=FS
__thread int x;
void use(char *);
// GS-NOT: %fs
// GS: protect:
// GS: %gs:40, %
// GS: %gs:{{.*}}x@TPOFF
// GS: %gs:40, %
// GS-NOT: %fs
// OFFSET-NOT: %fs
// OFFSET: %gs:144, %
// OFFSET: %gs:144, %
// OFFSET-NOT: %fs
// FS: %fs:40, %
// FS: %gs:{{.*}}x@TPOFF
// FS: %fs:40, %
// SYMBOL: %gs:my_guard
// SYMBOL: %gs:{{.*}}x@TPOFF
// SYMBOL: %gs:my_guard
// GLOBAL-NOT: %fs
// GLOBAL: __stack_chk_guard
// GLOBAL: %gs:{{.*}}x@TPOFF
// GLOBAL-NOT: %gs:40
int protect(void) { char b[64]; use(b); return b[0] + x; }
