// What cannot be moved is refused at its line, and the compiler fails.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DSPLIT -fsplit-stack -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=SPLIT
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O0 -DASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DASM_GOT -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM-GOT
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DASM_GOTO -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM-GOTO
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DNAKED -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=NAKED
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DFILE_ASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FILE-ASM
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -flto -DFILE_ASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FILE-ASM
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O2 -DALWAYS -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ALWAYS
// RUN: not gcc-12 -fplugin=%gcc12-plugin -O0 -DALWAYS -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ALWAYS
// RUN: not gcc-12 -fplugin=%gcc12-plugin -mx32 -O2 -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=X32
// RUN: not gcc-12 -fplugin=%gcc12-plugin -fplugin-arg-segshift_gcc-tls-model=global -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MODEL
// RUN: not gcc-12 -fplugin=%gcc12-plugin -fplugin-arg-segshift_gcc-count -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=OPTION
// MODEL: error: segshift: '-fplugin-arg-segshift_gcc-tls-model=' is 'local-exec', 'initial-exec' or 'keep', not 'global'
// OPTION: error: segshift: there is no option '-fplugin-arg-segshift_gcc-count'
// X32: error: segshift: the x32 ABI is not supported
// None of it is the plain compiler's.
// RUN: gcc-12 -O2 -DSPLIT -fsplit-stack -c %s -o %t.o
// RUN: gcc-12 -O2 -DASM -c %s -o %t.o
// RUN: gcc-12 -O2 -DFILE_ASM -c %s -o %t.o
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -DGOOD -c %s -o %t.o 2>&1 | count 0
#include "../../runtime/include/segshift/keep_fs.h"
__thread int x;
#ifdef SPLIT
void use(char *);
// SPLIT: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: split stacks keep their limit at %fs:0x70
int split(void) { char b[64]; use(b); return b[2]; }
// Not this one:
__attribute__((no_split_stack)) int whole(void) { return x; }
// SPLIT-NOT: error
#endif
#ifdef ASM
int text(void) {
  int v;
  // ASM: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__("movl %%fs:x@tpoff, %0" : "=r"(v));
  return v;
}
#endif
#ifdef ASM_GOT
int got(void) {
  long v;
  // ASM-GOT: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__("movq x@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(v));
  return (int)v;
}
#endif
#ifdef ASM_GOTO
int jump(void) {
  // ASM-GOTO: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__ goto("cmpl $0, %%fs:x@tpoff; je %l0" : : : "cc" : out);
  return 1;
out:
  return 0;
}
#endif
#ifdef NAKED
__attribute__((naked)) int naked(void) {
  // NAKED: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__("movl %fs:x@tpoff, %eax\n\tret");
}
#endif
#ifdef FILE_ASM
// FILE-ASM: error: segshift: file-scope assembly reaches a TLS variable through %fs
__asm__("file_scope: movl %fs:x@tpoff, %eax\n ret");
#endif
#ifdef ALWAYS
// ALWAYS: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: 'always' uses TLS behind %gs and is 'always_inline', but is called by 'keep'
static inline __attribute__((always_inline)) int always(void) { return x; }
SEGSHIFT_KEEPS_FS int keep(void) { return always() + x; }
#endif
#ifdef GOOD
int gs_text(void) { int v; __asm__("movl %%gs:x@tpoff, %0" : "=r"(v)); return v; }
SEGSHIFT_KEEPS_FS int keep(void) {
  int v;
  __asm__("movl %%fs:x@tpoff, %0" : "=r"(v));
  return v + x;
}
int offset(void) { long v; __asm__("movq $x@tpoff, %0" : "=r"(v)); return (int)v; }
#endif
