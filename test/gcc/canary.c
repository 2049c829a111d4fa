// The stack protector's canary moves to %gs:0x28 by itself. Options that name a
// register or global win, and what they leave open moves.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O0 -fstack-protector-all -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O3 -fPIC -fstack-protector-strong -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fno-pic -mcmodel=kernel -fstack-protector -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -mstack-protector-guard=tls -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -mstack-protector-guard-reg=gs -S %s -o - | FileCheck %s --check-prefix=GS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -mstack-protector-guard-offset=144 -S %s -o - | FileCheck %s --check-prefix=OFFSET
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -mstack-protector-guard-reg=fs -S %s -o - | FileCheck %s --check-prefix=FS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O0 -fstack-protector-all -mstack-protector-guard-reg=fs -S %s -o - | FileCheck %s --check-prefix=FS
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fno-pic -fstack-protector-all -mstack-protector-guard-reg=gs -mstack-protector-guard-symbol=my_guard -S %s -o - | FileCheck %s --check-prefix=SYMBOL
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fstack-protector-all -mstack-protector-guard=global -S %s -o - | FileCheck %s --check-prefix=GLOBAL
// RUN: gcc-12 -O2 -fstack-protector-all -flto -c %s -o %t.o && gcc-12 -fplugin=%gcc12-plugin -O2 -flto -flinker-output=nolto-rel -r %t.o -o %t.r.o && llvm-objdump -dr %t.r.o | FileCheck %s --check-prefix=LTO
__thread int x;
void use(char *);
// GS-NOT: %fs
// GS: protect:
// GS: %gs:40, %
// GS: %gs:{{.*}}x@{{tpoff|ntpoff}}
// GS: %gs:40, %
// GS-NOT: %fs
// GS-NOT: segshift_fs
// OFFSET-NOT: %fs
// OFFSET: %gs:144, %
// OFFSET: %gs:144, %
// OFFSET-NOT: %fs
// As asked, but not marked as meant: the audit reports it.
// FS: %fs:40, %
// FS: %gs:{{.*}}x@{{tpoff|ntpoff}}
// FS: %fs:40, %
// FS-NOT: segshift_fs
// SYMBOL: %gs:my_guard
// SYMBOL: %gs:{{.*}}x@{{tpoff|ntpoff}}
// SYMBOL: %gs:my_guard
// GLOBAL-NOT: %fs
// GLOBAL: __stack_chk_guard
// GLOBAL: %gs:{{.*}}x@{{tpoff|ntpoff}}
// GLOBAL-NOT: %gs:40
// LTO-NOT: %fs
// LTO: %gs:0x28
int protect(void) { char b[64]; use(b); return b[0] + x; }
