// Debug information that cannot be read costs the file and line of a finding,
// not the finding. Relocations that a linker refuses are an error, also of debug
// sections (test/rewrite/damaged-tables.test).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -O1 -g -c %s -o %t.o
// RUN: not %segshift audit %t.o | FileCheck %s --check-prefix=WHOLE
// WHOLE: damaged-debug.c:[[#@LINE+9]]:{{[0-9]+}}: finding: memory access through %fs:v@tpoff
// RUN: python3 %S/../Inputs/damage_debug.py %t.o %t.bad.o
// RUN: %segshift audit %t.bad.o > %t.bad.txt; test $? -eq 1
// RUN: FileCheck %s --input-file=%t.bad.txt
// CHECK: .bad.o:.text+0x{{.*}}: finding: memory access through %fs:v@tpoff

__thread int v;

int get(void) {
  return v;
}
