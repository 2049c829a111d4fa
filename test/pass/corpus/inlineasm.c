// Inline assembly whose memory operands are TLS variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC 12 crashes with this option, at asm goto with outputs:
// GCC-SKIP: -fschedule-insns
__thread int x;
__thread long q;
extern __thread int ext;
static __thread int local[16];
__thread struct { unsigned short limit; unsigned long base; } __attribute__((packed)) desc;
__thread unsigned short cw;
void in(void) { __asm__ volatile("incl %0" : : "m"(x)); }
int out(void) { __asm__ volatile("movl $5, %0" : "=m"(x)); return x; }
void both(int v) { __asm__ volatile("addl %1, %0" : "+m"(ext) : "r"(v)); }
void at(long i, int v) { __asm__ volatile("orl %1, %0" : "+m"(local[i]) : "r"(v)); }
void two(void) { long t; __asm__ volatile("movq %1, %0; negq %0" : "=r"(t) : "m"(q)); q = t; }
void offset(void) { int t; __asm__ volatile("movl %1, %0" : "=&r"(t) : "o"(local[2])); x = t; }
void mix(void) { __asm__ volatile("cmpl %1, %0" : : "m"(local[1]), "r"(x) : "cc"); }
void reg(void) { __asm__ volatile("nop" : "+r"(q)); }
void gen(void) { __asm__ volatile("xorl $3, %0" : "+g"(ext)); }
int alt(int v) { __asm__ volatile("addl %1, %0" : "+r,m"(v) : "g,r"(x)); return v; }
void addr(void) { __asm__ volatile("" : : "r"(&x), "r"(&ext) : "memory"); }
void lgdt(void) { __asm__ volatile("lgdt %0" : : "m"(desc)); }
void sgdt(void) { __asm__ volatile("sgdt %0" : "=m"(desc)); }
void fpu(void) { __asm__ volatile("fnstcw %0\n\tfldcw %0" : "+m"(cw)); }
void push(void) { __asm__ volatile("pushq %0\n\tpopq %0" : "+m"(q) : : "memory"); }
int flag(void) { int c; __asm__ volatile("btsl $3, %1" : "=@ccc"(c), "+m"(x)); return c; }
int jump(void) {
  __asm__ goto("testl $1, %0; jnz %l1" : : "m"(x) : "cc" : odd);
  return 0;
odd:
  return 1;
}
int jump_out(void) {
  int v;
  __asm__ goto("movl %1, %0; jmp %l2" : "=r"(v) : "m"(ext) : : done);
  x = 1;
done:
  return v + x;
}
void gs_text(void) { long t; __asm__ volatile("movq %%gs:0x80, %0" : "=r"(t)); q = t; }
void loop(int n) { while (n--) __asm__ volatile("lock incl %0; incl %1" : "+m"(x), "+m"(ext)); }
