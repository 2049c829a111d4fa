// Instructions with a memory operand that no language construct makes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -mfxsr -mxsave -mxsaveopt -mclflushopt -mclwb -mprfchw -mmovdiri -mmovdir64b -mrdrnd -mwaitpkg -mrdpid -mcldemote -menqcmd
// SKIP: -mgeneral-regs-only
#include <immintrin.h>
__thread unsigned mxcsr;
__thread unsigned short cw;
__thread char area[1024] __attribute__((aligned(64)));
extern __thread char ext[1024] __attribute__((aligned(64)));
__thread unsigned u32;
__thread unsigned long long u64;
void ld(void) { _mm_setcsr(mxcsr); }
void st(void) { mxcsr = _mm_getcsr(); }
void fx(void) { _fxsave(area); _fxrstor(area); _fxsave64(ext); _fxrstor64(ext); }
void xs(void) { _xsave(area, 7); _xrstor(ext, 7); _xsaveopt64(area, 7); }
void pf(int i) { __builtin_prefetch(area); __builtin_prefetch(&ext[i], 1); __builtin_prefetch(&area[64], 0, 1); __builtin_prefetch(&area[i], 0, 0); }
void flush(int i) { _mm_clflush(area); _mm_clflush(&ext[i]); _mm_clflushopt(area + 8); _mm_clwb(&area[i]); _mm_cldemote(area); }
void direct(unsigned v, const void *p) { _directstoreu_u32(&u32, v); _directstoreu_u64(&u64, v); _movdir64b(area, p); _movdir64b((void *)0x1000, area); }
int rnd(void) { return _rdrand64_step(&u64) + _rdrand32_step(&u32); }
#ifdef __clang__ // GCC has no such option
__attribute__((target("invpcid"))) void pcid(void) { _invpcid(0, area); }
#endif
void mon(void) { _umonitor(area); _umwait(0, 1); }
void enq(void) { _enqcmd(area, ext); }
unsigned long flags(void) { return u64 = __builtin_ia32_readeflags_u64(); }
void setflags(void) { __builtin_ia32_writeeflags_u64(u64); }
void tsc(void) { u64 = __builtin_ia32_rdtsc(); u64 += __builtin_ia32_rdtscp(&u32); }
void masked(__m128i v, __m128i m) { _mm_maskmoveu_si128(v, m, area); }
