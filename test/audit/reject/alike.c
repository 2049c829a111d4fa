// What an inlined function does in several places is one finding with its places; so is
// what a macro writes, from four places on. The count is of all, --expand lists all, JSON
// has all. A thread-local variable of the program is a use by itself, wherever it is.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O1 -g -c %s -o %t.o
// RUN: %segshift audit %t.o > %t.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.txt --implicit-check-not=finding:
// RUN: %segshift audit --quiet %t.o > %t.quiet; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.quiet --implicit-check-not=finding:
// RUN: %segshift audit --expand %t.o > %t.all; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.all --check-prefix=ALL
// RUN: grep -c 'finding: ' %t.all | FileCheck %s --check-prefix=COUNT
// RUN: %segshift audit --json %t.o > %t.json; test $? -eq 1
// RUN: grep -c '"status": "finding"' %t.json | FileCheck %s --check-prefix=COUNT
// COUNT: {{^}}12{{$}}
// ALL-NOT: and the same in
// ALL: 1 file: 12 findings in 6 functions
static inline __attribute__((always_inline)) void inlined(long base) {
  __asm__ volatile("wrfsbase %%rdi" ::"D"(base));
}
#define MACRO(base) __asm__ volatile("wrfsbase %%rax" ::"a"(base))
#define TWICE(base) __asm__ volatile("wrfsbase %%rbx" ::"b"(base))
__thread long variable;

// CHECK: alike.c:[[#@LINE-6]]:3: finding: writes FS_BASE, in a+0x{{.*}} [fs-base]
// CHECK-NEXT: wrfsbaseq %rdi
// CHECK-NEXT: {{^}}    and the same in 2 more places: b+0x{{[0-9a-f]+}}, c+0x{{[0-9a-f]+}} (--expand lists each)
// CHECK: alike.c:{{[0-9]+}}:3: finding: writes FS_BASE, in a+0x{{.*}} [fs-base]
// CHECK-NEXT: wrfsbaseq %rax
// CHECK-NEXT: {{^}}    and the same in 5 more places: b+0x{{[0-9a-f]+}}, c+0x{{[0-9a-f]+}}, d+0x{{[0-9a-f]+}}, e+0x{{[0-9a-f]+}}, ... (--expand lists each)
// CHECK: finding: writes FS_BASE, in a
// CHECK-NEXT: wrfsbaseq %rbx
// CHECK-NOT: and the same
void a(long x) {
  inlined(x);
  MACRO(x);
  TWICE(x);
}
void b(long x) {
  inlined(x);
  MACRO(x);
}
void c(long x) {
  inlined(x);
  MACRO(x);
}
// CHECK: finding: writes FS_BASE, in d
// CHECK-NEXT: wrfsbaseq %rbx
// CHECK-NOT: and the same
void d(long x) {
  MACRO(x);
  TWICE(x);
}
// CHECK: finding: memory access through %fs:{{.*}}variable{{.*}}, in e
void e(long x) {
  MACRO(x);
  variable = x;
}
void f(long x) { MACRO(x); }
// CHECK: 1 file: 12 findings in 6 functions
