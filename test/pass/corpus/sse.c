// SSE operands: aligned, unaligned, scalar, shuffles, conversions, non-temporal.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -msse4.2 -maes -mpclmul
// SKIP: -mgeneral-regs-only
#include <immintrin.h>
__thread __m128 f;
__thread __m128d d;
__thread __m128i i;
__thread __m128i many[4];
extern __thread __m128i ext;
__thread float floats[16];
__thread long l;
__thread int w;
__m128 loadf(void) { return f; }
void storef(__m128 v) { f = v; }
__m128i loadu(int n) { return _mm_loadu_si128((__m128i *)&floats[n]); }
void storeu(int n, __m128 v) { _mm_storeu_ps(&floats[n], v); }
__m128 addps(__m128 v) { return _mm_add_ps(v, f); }
__m128 mulss(__m128 v) { return _mm_mul_ss(v, f); }
__m128d addpd(__m128d v) { return _mm_add_pd(v, d); }
__m128i paddd(__m128i v) { return _mm_add_epi32(v, i); }
__m128i pand(__m128i v) { return _mm_and_si128(v, ext); }
__m128i pandn(__m128i v) { return _mm_andnot_si128(v, many[2]); }
__m128i at(__m128i v, long n) { return _mm_xor_si128(v, many[n]); }
__m128i pshufb(__m128i v) { return _mm_shuffle_epi8(v, i); }
__m128i pshufd(void) { return _mm_shuffle_epi32(i, 0x1b); }
__m128 shufps(__m128 v) { return _mm_shuffle_ps(v, f, 0x4e); }
__m128 unpack(__m128 v) { return _mm_unpacklo_ps(v, f); }
__m128i pcmpeq(__m128i v) { return _mm_cmpeq_epi8(v, i); }
__m128 cmpps(__m128 v) { return _mm_cmplt_ps(v, f); }
int ucomi(__m128d v) { return _mm_ucomilt_sd(v, d); }
int ptest(__m128i v) { return _mm_testz_si128(v, i); }
int pcmpistr(__m128i v) { return _mm_cmpistri(v, i, 0x0c); }
__m128i movq(void) { return _mm_loadl_epi64(&i); }
void store_movq(__m128i v) { _mm_storel_epi64(&i, v); }
__m128 movhps(__m128 v) { return _mm_loadh_pi(v, (__m64 *)&f); }
void store_movlps(__m128 v) { _mm_storel_pi((__m64 *)&f, v); }
__m128i movd(void) { return _mm_cvtsi32_si128(w); }
__m128i pinsr(__m128i v) { return _mm_insert_epi64(_mm_insert_epi32(v, w, 1), l, 1); }
void pextr(__m128i v) { w = _mm_extract_epi32(v, 2); l = _mm_extract_epi64(v, 1); }
__m128 insertps(__m128 v) { return _mm_insert_ps(v, _mm_load_ss(&floats[3]), 0x20); }
__m128i pmovzx(void) { return _mm_cvtepu8_epi32(_mm_loadu_si32(&w)); }
__m128 cvt(void) { return _mm_cvtepi32_ps(i); }
__m128d cvtss(__m128d v) { return _mm_cvtsi64_sd(v, l); }
__m128 round_ps(void) { return _mm_round_ps(f, 9); }
__m128 blend(__m128 v, __m128 m) { return _mm_blendv_ps(v, f, m); }
__m128i aes(__m128i v) { return _mm_aesenc_si128(v, i); }
__m128i clmul(__m128i v) { return _mm_clmulepi64_si128(v, ext, 1); }
__m128 sqrtps(void) { return _mm_sqrt_ps(f); }
__m128i shifts(__m128i v) { return _mm_sll_epi32(v, i); }
void stream(__m128i v) { _mm_stream_si128(&i, v); _mm_stream_si64((long long *)&l, 5); _mm_stream_si32(&w, 3); }
__m128i lddqu(void) { return _mm_lddqu_si128(&many[1]); }
__m128i stream_load(void) { return _mm_stream_load_si128(&many[3]); }
unsigned crc(unsigned c) { return _mm_crc32_u32(c, (unsigned)w); }
void zero(void) { i = _mm_setzero_si128(); many[1] = i; }
__m128 splat(void) { return _mm_set1_ps(floats[2]); }
__m128d movddup(void) { return _mm_loaddup_pd((double *)&d); }
