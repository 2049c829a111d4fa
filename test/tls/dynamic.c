// Models of a shared library and of a position-independent program, from their
// dynamic relocations.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -nostdlib -shared -fuse-ld=lld %s -o %t.so
// RUN: %segshift tls %t.so | FileCheck %s --check-prefix=LIB
// LIB: .tmp.so: shared library
// LIB-NEXT: PT_TLS: 12 bytes
// LIB-NEXT: block: {{.*}}; the loader decides where it lies
// LIB-NEXT: variables:
// LIB-NEXT: start+0x0 shared (4 bytes)
// LIB-NEXT: start+0x4 a (4 bytes)
// LIB-NEXT: start+0x8 b (4 bytes)
// LIB: general-dynamic: 1
// LIB-NEXT: (dynamic relocations): shared
// LIB-NEXT: local-dynamic: 1
// LIB-NEXT: (dynamic relocations){{$}}

// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -ftls-model=initial-exec -nostdlib -shared -fuse-ld=lld %s -o %t.ie.so
// RUN: %segshift tls %t.ie.so | FileCheck %s --check-prefix=IE
// IE: initial-exec: 3
// IE-NEXT: (dynamic relocations): a, b, shared
// IE: thread-pointer through %fs: 2

// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -mtls-dialect=gnu2 -nostdlib -shared -fuse-ld=lld %s -o %t.desc.so
// RUN: %segshift tls %t.desc.so | FileCheck %s --check-prefix=DESC
// DESC: descriptor: 2
// DESC-NEXT: (dynamic relocations): shared

// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIE -pie -nostdlib -nostartfiles -Wl,-e,global -Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2 -fuse-ld=lld %s -o %t.pie
// RUN: %segshift tls %t.pie | FileCheck %s --check-prefix=PIE
// PIE: .tmp.pie: dynamically linked position-independent executable
// PIE: block: 12 bytes, from tp-0xc to tp; offsets are fixed by the link

__thread int shared;
static __thread int a, b;
int *global(void) { return &shared; }
long local(void) { return (long)&a ^ (long)&b; }
