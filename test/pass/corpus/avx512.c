// AVX-512: masking, embedded broadcast, compressed displacement, mask registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd
// SKIP: -mgeneral-regs-only
#include <immintrin.h>
__thread __m512 f;
__thread __m512d d;
__thread __m512i i;
__thread __m512i many[4];
extern __thread __m512i ext;
__thread float floats[64];
__thread int ints[64];
__thread double one;
__thread __mmask64 m64;
__thread __mmask16 m16;
__thread __mmask8 m8;
__m512 load(void) { return f; }
void store(__m512 v) { f = v; }
__m512 loadu(int n) { return _mm512_loadu_ps(&floats[n]); }
__m512i at(int n) { return many[n]; }
__m512 add(__m512 v) { return _mm512_add_ps(v, f); }
__m512i addi(__m512i v) { return _mm512_add_epi32(v, ext); }
__m512 add_round(__m512 v) { return _mm512_add_round_ps(v, f, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
__m512 bcst(__m512 v) { return _mm512_mul_ps(v, _mm512_set1_ps(floats[5])); }
__m512d bcstd(__m512d v) { return _mm512_fmadd_pd(v, _mm512_set1_pd(one), d); }
__m512 masked(__m512 s, __mmask16 k, __m512 v) { return _mm512_mask_add_ps(s, k, v, f); }
__m512 zeroed(__mmask16 k, __m512 v) { return _mm512_maskz_add_ps(k, v, f); }
void masked_store(__mmask16 k, __m512 v) { _mm512_mask_storeu_ps(&floats[1], k, v); }
__m512i masked_load(__mmask16 k) { return _mm512_maskz_loadu_epi32(k, &ints[2]); }
__m512i expand(__mmask16 k) { return _mm512_maskz_expandloadu_epi32(k, ints); }
void compress(__mmask16 k, __m512i v) { _mm512_mask_compressstoreu_epi32(ints, k, v); }
__m512 gather(__m512i n) { return _mm512_i32gather_ps(n, floats, 4); }
void scatter(__m512i n, __m512 v) { _mm512_i32scatter_ps(floats, n, v, 4); }
__mmask16 cmp(__m512i v) { return _mm512_cmpeq_epi32_mask(v, i); }
__mmask64 test(__m512i v) { return _mm512_test_epi8_mask(v, i); }
__m512i ternary(__m512i a, __m512i b) { return _mm512_ternarylogic_epi32(a, b, i, 0x96); }
__m512i permute(__m512i a, __m512i b) { return _mm512_permutex2var_epi32(a, i, b); }
__m512i conflict(void) { return _mm512_conflict_epi32(i); }
__m256i narrow(void) { return _mm512_cvtepi32_epi16(i); }
void narrow_store(__m512i v) { _mm512_mask_cvtepi32_storeu_epi8(ints, 0xff, v); }
__mmask64 kload(void) { return m64; }
void kstore(__m512i a, __m512i b) { m64 = _mm512_cmpgt_epi8_mask(a, b); m16 = _mm512_cmpgt_epi32_mask(a, b); m8 = _mm512_cmpgt_epi64_mask(a, b); }
__m512 kuse(__m512 v) { return _mm512_maskz_add_ps(m16, v, f); }
__m128 vl(__m128 v) { return _mm_add_ps(v, _mm_set1_ps(floats[7])); }
__m512i rotate(__m512i v) { return _mm512_rolv_epi32(v, i); }
__m512i u2(__m512d v) { return _mm512_cvttpd_epu64(_mm512_add_pd(v, d)); }
void stream(__m512i v) { _mm512_stream_si512(&i, v); }
