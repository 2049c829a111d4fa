// Bit-fields of every shape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct bits { unsigned a : 1, b : 3, c : 12; int d : 5; unsigned long e : 40; _Bool f : 1; int : 0; short g : 9; };
__thread struct bits bits;
__thread struct bits many[4];
extern __thread struct bits ext;
int a(void) { return bits.a; }
int c(void) { return bits.c; }
int d(void) { return bits.d; }
long e(void) { return bits.e; }
int f(void) { return bits.f; }
int g(void) { return ext.g; }
void set_a(void) { bits.a = 1; }
void clear_b(void) { bits.b = 0; }
void set_c(int v) { bits.c = v; }
void set_d(int v) { ext.d = v; }
void set_e(long v) { bits.e = v; }
void toggle(void) { bits.f = !bits.f; }
void inc(int i) { many[i].b++; many[i].g--; }
int test(void) { return bits.a && bits.d < 0 && bits.e > 99; }
void all(int x) { bits = (struct bits){1, x, x, x, x, 1, x}; }
