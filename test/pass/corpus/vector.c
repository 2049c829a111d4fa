// Loops over TLS arrays for the vectorisers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SKIP: -mgeneral-regs-only
enum { N = 256 };
__thread float a[N], b[N], c[N];
__thread int i32[N], j32[N];
__thread unsigned char u8[N];
__thread double sum;
extern __thread float ext[N];
__thread int n;
void add(void) { for (int i = 0; i < N; i++) a[i] = b[i] + c[i]; }
void scale(float s) { for (int i = 0; i < N; i++) ext[i] *= s; }
float dot(void) { float s = 0; for (int i = 0; i < N; i++) s += a[i] * b[i]; return s; }
void count(void) { for (int i = 0; i < n; i++) i32[i] += j32[i]; }
int max(void) { int m = 0; for (int i = 0; i < N; i++) m = i32[i] > m ? i32[i] : m; return m; }
void cond(void) { for (int i = 0; i < N; i++) if (u8[i] > 9) i32[i] = j32[i]; }
void gather(void) { for (int i = 0; i < N; i++) a[i] = b[j32[i] & (N - 1)]; }
void stride(void) { for (int i = 0; i < N / 2; i++) a[i] = b[2 * i] + b[2 * i + 1]; }
void convert(void) { for (int i = 0; i < N; i++) a[i] = (float)u8[i]; }
void accumulate(float *p, int k) { for (int i = 0; i < k; i++) sum += p[i]; }
void slp(float *p) { a[0] = p[0] + b[0]; a[1] = p[1] + b[1]; a[2] = p[2] + b[2]; a[3] = p[3] + b[3]; }
int any(int k) { for (int i = 0; i < N; i++) if (i32[i] == k) return i; return -1; }
void fill(void) { for (int i = 0; i < N; i++) { i32[i] = 7; a[i] = 0; } }
void reverse(void) { for (int i = 0; i < N; i++) a[i] = ext[N - 1 - i]; }
