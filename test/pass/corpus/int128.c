// 128-bit integers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread __int128 w;
__thread unsigned __int128 u;
__thread __int128 many[5];
__thread long q;
__int128 get(void) { return w; }
void set(__int128 v) { w = v; }
void zero(void) { w = 0; }
void add(__int128 v) { w += v; }
void addq(void) { w += q; }
void sub(__int128 v) { w -= v; }
__int128 mul(__int128 v) { return v * w; }
unsigned __int128 mulq(unsigned long v) { return (unsigned __int128)v * (unsigned long)q; }
__int128 div(__int128 v) { return v / w; }
unsigned __int128 shift(int n) { return u >> n; }
void shl(int n) { u <<= n; }
int less(__int128 v) { return w < v; }
int equal(__int128 v) { return u == (unsigned __int128)v; }
__int128 at(int i) { return many[i]; }
void inc(int i) { many[i]++; }
long high(void) { return (long)(w >> 64); }
void xor(unsigned __int128 v) { u ^= v; u = ~u; }
