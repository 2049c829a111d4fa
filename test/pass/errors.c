// What cannot be moved is refused at its line, and the compiler fails.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not %clang -fpass-plugin=%plugin -O2 -DVARIABLE -femulated-tls -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=EMULATED
// RUN: not %clang -fpass-plugin=%plugin -O0 -g -DVARIABLE -femulated-tls -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=EMULATED-LINE
// RUN: not %clang -fpass-plugin=%plugin -O2 -DSPLIT -fsplit-stack -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=SPLIT
// RUN: not %clang -fpass-plugin=%plugin -O2 -DASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM
// RUN: not %clang -fpass-plugin=%plugin -O0 -DASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM
// RUN: not %clang -fpass-plugin=%plugin -O2 -DASM_GOT -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ASM-GOT
// RUN: not %clang -fpass-plugin=%plugin -O2 -DFILE_ASM -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FILE-ASM
// RUN: not %clang -fpass-plugin=%plugin -O2 -target x86_64-linux-gnux32 -ffreestanding -DVARIABLE -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=X32
// RUN: not %clang -fpass-plugin=%plugin -O2 -DFS_OFFSET -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FS-OFFSET
// RUN: not %clang -fpass-plugin=%plugin -O2 -femulated-tls -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=EMULATED-UNUSED
// EMULATED-UNUSED: error: segshift: emulated TLS has no thread pointer to move; {{.*}} (variable 'x')
// None of it is the plain compiler's.
// RUN: %clang -O2 -DVARIABLE -femulated-tls -c %s -o %t.o
// RUN: %clang -O2 -DSPLIT -fsplit-stack -c %s -o %t.o
// RUN: %clang -O2 -DASM -c %s -o %t.o
// RUN: %clang -O2 -DASM_GOT -c %s -o %t.o
// RUN: %clang -O2 -DFILE_ASM -c %s -o %t.o
// RUN: %clang -fpass-plugin=%plugin -O2 -DGOOD -c %s -o %t.o 2>&1 | count 0
__thread int x;
#ifdef VARIABLE
// EMULATED: error: {{.*}}segshift: emulated TLS has no thread pointer
// EMULATED-LINE: errors.c:[[#@LINE+2]]:{{.*}}emulated TLS has no
// X32: error: {{.*}}x32 ABI is not supported
int get(void) { return x; }
#endif
#ifdef FS_OFFSET
// FS-OFFSET: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: offsets of FS from 0x5e600000 to 0x5e6fffff are used by the plugin itself [SEG108]
int own(void) { return *(int __attribute__((address_space(257))) *)0x5e600010 + x; }
int elsewhere(void) { return *(int __attribute__((address_space(257))) *)0x5e600010; }
// FS-OFFSET: 1 error generated
#endif
#ifdef SPLIT
void use(char *);
// SPLIT: error: {{.*}}segshift: split stacks keep their limit at %fs:0x70
int split(void) { char b[64]; use(b); return b[2]; }
#endif
#ifdef ASM
int text(void) {
  int v;
  // ASM: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__("movl %%fs:x@tpoff, %0" : "=r"(v));
  return v;
}
// ASM: 1 error generated
#endif
#ifdef ASM_GOT
int got(void) {
  long v;
  // ASM-GOT: errors.c:[[#@LINE+1]]:{{.*}}error: segshift: this assembly reaches a TLS variable through %fs
  __asm__("movq x@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(v));
  return (int)v;
}
#endif
#ifdef FILE_ASM
// FILE-ASM: error: segshift: file-scope assembly reaches a TLS variable through %fs
__asm__("file_scope: movl %fs:x@tpoff, %eax\n ret");
#endif
#ifdef GOOD
int gs_text(void) { int v; __asm__("movl %%gs:x@tpoff, %0" : "=r"(v)); return v; }
__attribute__((annotate("segshift.keep-fs"), noinline)) int keep(void) {
  int v;
  __asm__("movl %%fs:x@tpoff, %0" : "=r"(v));
  return v + x;
}
int offset(void) { long v; __asm__("movq $x@tpoff, %0" : "=r"(v)); return (int)v; }
#endif
