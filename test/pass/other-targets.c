// A target that is not ELF x86-64 has its code unchanged, and a warning if it
// has thread-local variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -target i686-linux-gnu -O2 -ffreestanding -S %s -o %t.s 2> %t.err
// RUN: FileCheck %s < %t.err
// RUN: %clang -target i686-linux-gnu -O2 -ffreestanding -S %s -o %t.plain.s && cmp %t.s %t.plain.s
// RUN: %clang -fpass-plugin=%plugin -m32 -O2 -ffreestanding -DNONE -S %s -o - 2>&1 | FileCheck %s --check-prefix=SILENT
// Targets whose canary, or SafeStack's pointer, has a slot of its own.
// RUN: for t in x86_64-unknown-fuchsia x86_64-linux-android29; do for f in -fstack-protector-all -fsanitize=safe-stack -DNONE; do not %clang -fpass-plugin=%plugin -target $t $f -ffreestanding -O1 -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=SLOTS || exit 1; done; done
// SLOTS: error: segshift: target x86_64-unknown-{{fuchsia|linux-android29}} keeps its canary or SafeStack's pointer in slots that are not the GS ABI's; {{.*}} [SEG111]
// CHECK: warning: segshift: thread-local variable 'x' stays as it is: target i686{{.*}} is not ELF x86-64
// SILENT-NOT: segshift
#ifndef NONE
__thread int x;
int get(void) { return x; }
#endif
int plain(int __seg_fs *p) { return *p; }
