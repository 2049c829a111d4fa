// AVX, AVX2, FMA, F16C and BMI operands.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -mavx2 -mfma -mf16c -mbmi -mbmi2 -mlzcnt -mmovbe -madx
// SKIP: -mgeneral-regs-only
#include <immintrin.h>
__thread __m256 f;
__thread __m256d d;
__thread __m256i i;
extern __thread __m256i ext;
__thread __m128i half;
__thread float floats[32];
__thread int ints[32];
__thread double one;
__thread unsigned w;
__thread unsigned long q;
__m256 load(void) { return f; }
void store(__m256 v) { f = v; }
__m256 loadu(int n) { return _mm256_loadu_ps(&floats[n]); }
void storeu(int n, __m256 v) { _mm256_storeu_ps(&floats[n], v); }
__m256 add(__m256 v) { return _mm256_add_ps(v, f); }
__m256i addi(__m256i v) { return _mm256_add_epi32(v, ext); }
__m256d fma1(__m256d a, __m256d b) { return _mm256_fmadd_pd(a, b, d); }
__m256d fma2(__m256d a, __m256d b) { return _mm256_fmadd_pd(a, d, b); }
double fmas(double a, double b) { return __builtin_fma(a, b, one); }
__m256 broadcast(void) { return _mm256_broadcast_ss(&floats[3]); }
__m256i broadcast128(void) { return _mm256_broadcastsi128_si256(half); }
__m256i pbroadcast(void) { return _mm256_set1_epi8((char)ints[1]); }
__m256i insert(__m256i v) { return _mm256_inserti128_si256(v, half, 1); }
void extract(__m256i v) { half = _mm256_extracti128_si256(v, 1); }
__m256i permute(__m256i v) { return _mm256_permutevar8x32_epi32(v, i); }
__m256d permute4(void) { return _mm256_permute4x64_pd(d, 0x1b); }
__m256i shuffle(__m256i v) { return _mm256_shuffle_epi8(v, i); }
__m256i blend(__m256i v, __m256i m) { return _mm256_blendv_epi8(v, i, m); }
__m256i sllv(__m256i v) { return _mm256_sllv_epi32(v, i); }
__m256i mask_load(__m256i m) { return _mm256_maskload_epi32(ints, m); }
void mask_store(__m256i m, __m256 v) { _mm256_maskstore_ps(floats, m, v); }
__m256 gather(__m256i n) { return _mm256_i32gather_ps(floats, n, 4); }
__m256i gather_mask(__m256i s, __m256i n, __m256i m) { return _mm256_mask_i32gather_epi32(s, ints, n, m, 4); }
__m256 from_half(void) { return _mm256_cvtph_ps(half); }
void to_half(__m256 v) { half = _mm256_cvtps_ph(v, 0); }
__m256i zx(void) { return _mm256_cvtepu16_epi32(half); }
int test(__m256 v) { return _mm256_testz_ps(v, f); }
void stream(__m256i v) { _mm256_stream_si256(&i, v); }
void zero(void) { _mm256_zeroall(); f = _mm256_setzero_ps(); }
unsigned lz(void) { return _lzcnt_u32(w); }
unsigned long tz(void) { return _tzcnt_u64(q); }
unsigned long andn(unsigned long x) { return ~x & q; }
unsigned long pdep(unsigned long x) { return _pdep_u64(x, q); }
unsigned long bzhi(unsigned n) { return _bzhi_u64(q, n); }
unsigned long rorx(void) { return q >> 9 | q << 55; }
unsigned long shlx(int n) { return q << n; }
unsigned bextr(unsigned c) { return _bextr_u32(w, c & 255, c >> 8); }
unsigned __int128 mulx(unsigned long x) { return (unsigned __int128)x * q; }
unsigned movbe(void) { return __builtin_bswap32(w); }
void store_movbe(unsigned long x) { q = __builtin_bswap64(x); }
