// Inline assembly that uses the thread control block's places by number: a warning,
// once for each line, whatever the syntax.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -c %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
// RUN: %clang -fpass-plugin=%plugin -O0 -flto -c %s -o %t.bc && ld.lld -r --load-pass-plugin=%plugin %t.bc -o %t.o 2>&1 | FileCheck %s --check-prefix=LTO
// LTO: warning: {{.*}}segshift: this assembly uses %fs:0x28
// RUN: %clang -fpass-plugin=%plugin -O2 -mllvm -segshift-asm-offsets=allow -c %s -o %t.o 2>&1 | count 0
// RUN: %clang -fpass-plugin=%plugin -O2 -Wno-inline-asm -Wno-backend-plugin -c %s -o %t.o 2>&1 | count 0
// RUN: not %clang -fpass-plugin=%plugin -O2 -Werror -c %s -o %t.o 2> %t.err
// RUN: %clang -fpass-plugin=%plugin -O2 -masm=intel -fasm-blocks -DINTEL -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=INTEL --implicit-check-not=warning:
// RUN: %clang -O2 -c %s -o %t.o 2>&1 | count 0
#ifndef INTEL
// CHECK: warning: segshift: this assembly uses %fs:0x28, the application's canary; write %gs for the kernel's, {{.*}} [SEG114]
__asm__(".globl file\nfile: movq %fs:0x28, %rax\n ret");
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}warning: segshift: this assembly uses %fs:0x0, the application's thread pointer
static inline long tp(void) { long v; __asm__("mov %%fs:0, %0" : "=r"(v)); return v; }
long once(void) { return tp(); }
long twice(void) { return tp(); }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x10, the application's thread pointer
long tp2(void) { long v; __asm__("movq %%fs:(0x10), %0" : "=r"(v)); return v; }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x30, the application's pointer guard
long octal(void) { long v; __asm__("movq %%fs : 060, %0" : "=r"(v)); return v; }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x28
long decimal(void) { long v; __asm__("movq\t%%FS:40, %0" : "=r"(v)); return v; }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x28
long operand(void) { long v; __asm__("movq %%fs:%c1, %0" : "=r"(v) : "i"(8 * 5)); return v; }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x28
long sum(void) { long v; __asm__("movq %%fs:0x20+4*2, %0" : "=r"(v)); return v; }
// CHECK: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x30
long second(void) { long v; __asm__("movq %%fs:0x80, %0; xorq %%fs:0x30, %0" : "=r"(v)); return v; }
// Other places, and what no number says.
long slot(void) { long v; __asm__("movq %%fs:0x80, %0" : "=r"(v)); return v; }
long indexed(long i) { long v; __asm__("movq %%fs:0x28(%1), %0" : "=r"(v) : "r"(i)); return v; }
long gs(void) { long v; __asm__("movq %%gs:0x28, %0" : "=r"(v)); return v; }
long symbol(void) { long v; __asm__(".set place, 0x80\n movq %%fs:place, %0" : "=r"(v)); return v; }
__attribute__((annotate("segshift.keep-fs"))) long keep(void) { long v; __asm__("movq %%fs:0x28, %0" : "=r"(v)); return v; }
#else
// INTEL: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x28
long brackets(void) { long v; __asm__("mov %0, qword ptr fs:[28h]" : "=r"(v)); return v; }
// INTEL: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x10
long bare(void) { long v; __asm__("mov %0, fs:16" : "=r"(v)); return v; }
// INTEL: asm-offsets.c:[[#@LINE+1]]:{{.*}}%fs:0x0
void block(void) { __asm { mov rax, fs:[0] } }
#endif
