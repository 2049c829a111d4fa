// On-purpose FS in inline assembly, and the base instructions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -mfsgsbase
// KEEP-FS: text=all text_store=all text_beside=1 lowercase=all
#include <immintrin.h>
__thread long x;
extern __thread long ext;
long text(void) { long v; __asm__ volatile("movq %%fs:0, %0" : "=r"(v)); return v; }
void text_store(long v) { __asm__ volatile("movq %0, %%fs:0x90" : : "r"(v)); }
long text_beside(void) { long v; __asm__ volatile("movq %%fs:(%1), %0" : "=r"(v) : "r"(x)); return v + ext; }
void lowercase(void) { __asm__ volatile("lock orl $0, %fs:0x100"); }
unsigned long read_base(void) { return _readfsbase_u64() + (unsigned long)x; }
void write_base(unsigned long v) { _writefsbase_u64(v); ext = 0; }
void selector(void) { unsigned short s; __asm__ volatile("movw %%fs, %0" : "=r"(s)); x = s; }
