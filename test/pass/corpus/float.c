// Scalar floating point: SSE and x87 operands in memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SKIP: -mgeneral-regs-only
__thread float f = 1.5f;
__thread double d;
__thread long double x = 2.5L;
__thread int i;
__thread long l;
__thread unsigned long u;
__thread short s;
__thread _Complex double c;

float getf(void) { return f; }
double getd(void) { return d; }
long double getx(void) { return x; }
void setf(float v) { f = v; }
void setd(double v) { d = v; }
void setx(long double v) { x = v; }
void zerof(void) { f = 0; }
void oned(void) { d = 1.0; }
float addf(float v) { return v + f; }
double addd(double v) { return v + d; }
double subd(double v) { return v - d; }
double mulf(double v) { return v * f; }
double divd(double v) { return v / d; }
double rdivd(double v) { return d / v; }
void accf(float v) { f += v; }
void accd(double v) { d *= v; }
double rootd(void) { return __builtin_sqrt(d); }
int cmpf(float v) { return v < f; }
int eqd(double v) { return v == d; }
double mind(double v) { return v < d ? v : d; }
double negd(void) { return -d; }
double absd(void) { return __builtin_fabs(d); }
double copysignd(double v) { return __builtin_copysign(v, d); }
float narrow(void) { return (float)d; }
double widen(void) { return f; }
double from_int(void) { return i; }
float from_long(void) { return l; }
double from_unsigned(void) { return (double)u; }
int to_int(void) { return (int)d; }
long to_long(void) { return (long)f; }
unsigned long to_unsigned(void) { return (unsigned long)d; }
void store_int(double v) { i = (int)v; }
#ifdef __clang__ // GCC has __builtin_bit_cast in C++ only
unsigned bits(void) { return __builtin_bit_cast(unsigned, f); }
long dbits(void) { return __builtin_bit_cast(long, d); }
#endif

// x87: fld, fst, fstp, fadd, fsub, fmul, fdiv, fild, fist of every width.
long double addx(long double v) { return v + x; }
long double addxf(long double v) { return v + f; }
long double subxd(long double v) { return v - d; }
long double rsubxd(long double v) { return d - v; }
long double mulxi(long double v) { return v * i; }
long double divxs(long double v) { return v / s; }
long double rdivxl(long double v) { return l / v; }
void accx(long double v) { x -= v; }
int cmpx(long double v) { return v > x; }
int cmpxf(long double v) { return v > f; }
void storexf(long double v) { f = (float)v; }
void storexd(long double v) { d = (double)v; }
void storexi(long double v) { i = (int)v; s = (short)v; l = (long)v; }
void storexu(long double v) { u = (unsigned long)v; }
long double fromu(void) { return u; }
long double negx(void) { return -x; }
long double sqrtx(void) { return __builtin_sqrtl(x); }

double real(void) { return __real__ c; }
void setc(_Complex double v) { c = v; }
_Complex double mulc(_Complex double v) { return c + v; }
