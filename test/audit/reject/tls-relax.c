// General- and local-dynamic accesses: the object holds no FS, but a linker
// that relaxes them writes it. Initial-exec and descriptors are left alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O1 -g -fPIC -ftls-model=global-dynamic -c %s -o %t.o
// RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -mcmodel=large -ftls-model=global-dynamic -c %s -o %t.large.o
// RUN: %segshift audit %t.large.o > %t.large.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.large.txt --check-prefix=LARGE --implicit-check-not=finding:

// And this is what the linker writes, with the object's place of it.
// RUN: %llvm/ld.lld -e global %t.o -o %t.elf -Map=%t.map
// RUN: %segshift audit %t.elf --link-map=%t.map > %t.elf.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.elf.txt --check-prefix=ELF

__thread int shared;
static __thread int a, b;

// CHECK: in function 'global':
// CHECK-NEXT: tls-relax.c:[[#@LINE+2]]:{{[0-9]+}}: finding: R_X86_64_TLSGD against shared: a linker that relaxes it writes %fs, in global+{{.*}} [tls-relax]
// CHECK-NEXT: .tmp.o .text {{.*}} leaq
int *global(void) { return &shared; }

// CHECK: in function 'local':
// CHECK-NEXT: tls-relax.c:[[#@LINE+1]]:{{[0-9]+}}: finding: R_X86_64_TLSLD against {{[ab]}}
int local(void) { return (int)(long)&a ^ (int)(long)&b; }
// CHECK: hint: tls-relax: compile with SegShift.so
// LARGE: finding: R_X86_64_TLSGD against shared
// LARGE: finding: R_X86_64_TLSLD against

// ELF: tls-relax.c:{{[0-9:]+}} finding: memory access through %fs:0x0 (thread pointer, for {{.*}}), in global
// ELF-NEXT: movq %fs:0x0, %rax
// ELF-NEXT: from {{.*}}.tmp.o:(.text)
// ELF: tls-relax.c.tmp.elf: note: {{.*}}.tmp.o holds .tbss, and has no segshift note [unmarked-object]
