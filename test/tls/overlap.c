// Overlap of a program's TLS with a kernel's under one FS, byte by byte.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DPROGRAM %s -o %t.prog
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DKERNEL %s -o %t.kernel
// RUN: %segshift tls %t.prog --kernel=%t.kernel > %t.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.txt
// CHECK: overlap.c.tmp.prog: static executable
// CHECK: with kernel {{.*}}.tmp.kernel:
// CHECK-NEXT: the program sets FS_BASE itself
// CHECK-NEXT: overlap: 16 bytes under a shared FS (12 of variables on both sides); reservation needed: 24 bytes below the thread pointer, the kernel has 0
// CHECK-NEXT: tp-0x10 8 bytes program table+0x8 kernel current+0x0
// CHECK-NEXT: tp-0x8 4 bytes program last+0x0 kernel depth+0x0
// CHECK-NEXT: tp-0x4 4 bytes program (no variable) kernel (no variable)

// A shared library lies where its loader puts it.
// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -nostdlib -shared -fuse-ld=lld -DPROGRAM %s -o %t.so
// RUN: %segshift tls %t.so --kernel=%t.kernel | FileCheck %s --check-prefix=SHARED
// SHARED: no overlap: the offsets of a shared library are not fixed by the link
// RUN: %segshift tls --json %t.prog --kernel=%t.kernel > %t.json; test $? -eq 1
// RUN: python3 %S/Inputs/check_json.py %t.json

// A reservation that is too small, and one that is large enough.
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DKERNEL -DRESERVE=16 %s -o %t.small
// RUN: %segshift tls %t.prog --kernel=%t.small --reserved=reserve > %t.small.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.small.txt --check-prefix=SMALL
// SMALL: overlap: 8 bytes under a shared FS (4 of variables on both sides); reservation needed: 24 bytes below the thread pointer, the kernel has 16
// SMALL-NEXT: tp-0x18 4 bytes program table+0x0 kernel depth+0x0
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DKERNEL -DRESERVE=24 %s -o %t.large
// RUN: %segshift tls %t.prog --kernel=%t.large --reserved=reserve | FileCheck %s --check-prefix=LARGE
// RUN: %llvm/llvm-strip %t.large -o %t.large.stripped
// RUN: %segshift tls %t.prog --kernel=%t.large.stripped --reserved=24 | FileCheck %s --check-prefix=LARGE
// LARGE: no overlap; reservation needed: 24 bytes below the thread pointer, the kernel has 24
// RUN: %segshift tls %t.prog --kernel=%t.large --reserved=32 2> %t.err; test $? -eq 2
// RUN: FileCheck %s --input-file=%t.err --check-prefix=LIES
// LIES: --reserved: the kernel's variable 'depth' at tp-0x20 lies in the last 32 bytes
// RUN: %segshift tls %t.prog --kernel=%t.large --reserved=nothing 2> %t.err; test $? -eq 2
// RUN: FileCheck %s --input-file=%t.err --check-prefix=NOTHING
// NOTHING: --reserved: 'nothing' is neither a number nor a thread-local variable of

// The reservation is rounded up to the kernel's alignment too.
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DKERNEL -DALIGN=64 %s -o %t.aligned
// RUN: %segshift tls %t.prog --kernel=%t.aligned > %t.aligned.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.aligned.txt --check-prefix=ALIGNED
// ALIGNED: reservation needed: 64 bytes below the thread pointer, the kernel has 0

// A kernel on GS, and one that has no symbols.
// RUN: %clang --target=x86_64-linux-gnu -O1 -fno-pic -nostdlib -static -Wl,-e,f -fuse-ld=lld -DKERNEL -fpass-plugin=%plugin %s -o %t.gs
// RUN: %segshift tls %t.prog --kernel=%t.gs | FileCheck %s --check-prefix=GS
// GS: no overlap: the kernel reaches its TLS through %gs, and FS is the program's
// RUN: %llvm/llvm-strip %t.kernel -o %t.stripped
// RUN: %segshift tls %t.prog --kernel=%t.stripped > %t.stripped.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.stripped.txt --check-prefix=STRIPPED
// STRIPPED: overlap: 16 bytes under a shared FS (0 of variables on both sides)
// STRIPPED: tp-0x10 8 bytes program table+0x8 kernel (no variable)

#ifdef PROGRAM
__thread struct { long a, b; } table;
__thread int last;
long f(void) { return table.a + last; }
#else
#ifndef ALIGN
#define ALIGN 8
#endif
__thread long current __attribute__((aligned(ALIGN)));
__thread int depth;
#ifdef RESERVE
__thread char reserve[RESERVE] __attribute__((aligned(8)));
#endif
long f(void) { return current + depth; }
#endif
