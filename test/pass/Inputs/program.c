/* What the behaviour tests run: every way to reach TLS, with printed results.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "program.h"
typedef int (*function)(int);
__thread int def = 7;
static __thread int local = 5;
static __thread long zero;
__thread char bytes[300];
__thread _Alignas(64) int aligned = 9;
__thread function hook;
__thread __int128 wide;
static __thread struct { unsigned a : 3, b : 9; int c : 5; } bits = {1, 2, 3};

__attribute__((noinline)) static int twice(int x) { return 2 * x; }
__attribute__((noinline)) static int tail(int x) { return hook(x); }
__attribute__((noinline)) static void fill(char *p, int n) { for (int i = 0; i < n; i++) p[i] = (char)i; }
__attribute__((noinline)) static int guarded(int n) {
  volatile char buffer[64];
  for (int i = 0; i < n; i++) buffer[i] = (char)(i + def);
  return buffer[n - 1];
}

static void checks(void) {
  put("def", def);
  put("local", local);
  put("zero", zero);
  put("other", other_def + other_zero[3] + other_pair.a + other_pair.b);
  def += 3;
  local *= other_def;
  zero -= def;
  other_zero[def] = local;
  put("sum", def + local + zero + other_zero[10]);
  put("bump", other_bump() + other_bump());
  *other_address() += 2;
  put("address", other_def == *other_address() && &other_def == other_address());
  put("weak", &nowhere != 0);
  put("aligned", (long)&aligned % 64);
  put("thread pointer", *(void **)__builtin_thread_pointer() == __builtin_thread_pointer());
  put("near", (char *)&def < (char *)__builtin_thread_pointer());
  __atomic_fetch_add(&def, 5, __ATOMIC_SEQ_CST);
  long expected = zero;
  put("cas", __atomic_compare_exchange_n(&zero, &expected, 77, 0, 5, 5) + zero);
  put("xchg", __atomic_exchange_n(&local, 1, 5) + local);
  hook = twice;
  put("call", hook(21) + tail(4));
  for (int i = 0; i < 300; i++) bytes[i] = (char)(i * def);
  long s = 0;
  for (int i = 0; i < 300; i++) s += bytes[i];
  put("bytes", s);
  fill(bytes, 300);
  __builtin_memcpy(bytes + 100, bytes + 200, 50);
  __builtin_memset(bytes + 10, 1, 33);
  s = 0;
  for (int i = 0; i < 300; i++) s += bytes[i] ^ i;
  put("copied", s);
  wide = (__int128)def << 70;
  wide += wide - 1;
  put("wide", (long)(wide >> 64) ^ (long)wide);
  bits.b += bits.a + 100;
  bits.c -= 9;
  put("bits", bits.a + bits.b + bits.c);
  switch (local) {
  case 0: put("switch", 0); break;
  case 1: put("switch", 10); break;
  case 2: put("switch", 11); break;
  case 3: put("switch", 7); break;
  case 4: put("switch", 3); break;
  }
  __asm__("addl $4, %0" : "+m"(def));
  put("asm", def);
  put("guarded", guarded(40));
  put("c++", cpp_checks());
}

static __thread signed char s8 = -3;
static __thread unsigned char u8 = 200;
static __thread short s16 = -300;
static __thread unsigned short u16 = 60000;
static __thread unsigned u32 = 4000000000u;
static __thread long s64 = -5;
static __thread float f32 = 1.5f;
__thread double f64 = -2.25;
static __thread long double f80 = 3.5L;
static __thread float floats[16];
static __thread double doubles[16];
static __thread struct { char c; short s; int i; long l; double d; } records[6];
__thread char *cursor;
static __thread struct { long a, b, c, d, e, f; } large = {1, 2, 3, 4, 5, 6};

__attribute__((noinline)) static long eight(long a, long b, long c, long d, long e, long f, long g, long h) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}
__attribute__((noinline)) static __typeof__(large) whole(void) { return large; }
__attribute__((noinline)) static long indexed(long i) {
  return records[i].c + records[i].s + records[i].i + records[i].l + (long)records[i].d;
}
__attribute__((noinline)) static int compare(long x) {
  return (s64 < x) + 2 * (u8 == x) + 4 * (f64 > (double)x) + 8 * (s16 != x) + 16 * ((u32 & x) != 0);
}

/* Every width, conversion and unit by which an operand in TLS is folded. */
static void shapes(void) {
  const int saved = def;
  put("widen", s8 + u8 + s16 + u16 + (long)u32 + s64);
  s8 = (signed char)(s8 << 2), u8 += 100, s16 /= 7, u16 >>= 3, u32 ^= 0xffff, s64 = -s64 * 1000;
  put("narrow", s8 + u8 + s16 + u16 + (long)u32 + s64);
  u32 = u32 << 5 | u32 >> 27, s64 |= 0x100000000, s64 &= ~(long)u8, u8 = ~u8;
  put("bitwise", (long)u32 ^ s64 ^ u8);
  put("shift", (1L << (u8 & 31)) + (s64 >> (s8 & 15)));
  put("divide", s64 / (u16 + 1) + s64 % (u8 + 3));
  put("compare", compare(-5) + 100 * compare(55) + 10000 * compare(7000));
  put("select", s64 > 3 ? s8 : s16);
  f32 = f32 * f32 + 0.5f, f64 += f32, f80 = f80 * f64 - 1, f32 = (float)f80;
  put("float", (long)(f32 * 1000) + (long)(f64 * 1000) + (long)(f80 * 1000));
  put("convert", (long)f64 + (int)f32 + (long)((double)s64 * 0.5) + (long)((float)u16));
  put("sign", (long)(__builtin_fabs(f64) * 100) + (long)(-f80 * 10));
  for (int i = 0; i < 16; i++) floats[i] = (float)i * f32, doubles[i] = (double)floats[15 - i] + i;
  for (int i = 0; i < 16; i++) doubles[i] += doubles[i] * f64, floats[i] -= (float)doubles[i];
  double sum = 0;
  for (int i = 0; i < 16; i++) sum += doubles[i] * 3 + floats[i];
  put("vectors", (long)(sum * 8));
  for (int i = 0; i < 6; i++)
    records[i].c += (char)(i + 1), records[i].s -= (short)(i * 7), records[i].i += i * i, records[i].l ^= i, records[i].d += i / 2.0;
  put("records", indexed(2) + 10 * indexed(5));
  records[1] = records[4];
  put("assign", indexed(1));
  put("arguments", eight(s8, u8, s16, u16, (long)u32, s64, large.a, large.f));
  large.c += whole().f + whole().b;
  put("struct", large.c);
  cursor = &bytes[3];
  *cursor++ = 9, *++cursor += 4;
  put("pointer", bytes[3] + bytes[5] + (cursor - bytes));
  put("and", __atomic_fetch_and(&u32, 0xf0f0f0f0, 5) + __atomic_or_fetch(&s16, 5, 5) + __atomic_sub_fetch(&u8, 9, 5));
  put("xor", __atomic_xor_fetch(&s64, 0x55, 5) + __atomic_fetch_add(&u16, 3, 5) + __atomic_load_n(&s8, 5));
  __atomic_store_n(&s8, 11, 5), __sync_lock_test_and_set(&u8, 3);
  put("store", s8 + u8 + __sync_bool_compare_and_swap(&s16, s16, 8) + s16);
  __asm__("xchgl %0, %1" : "+r"(u32), "+m"(def));
  put("exchange", (long)u32 + def);
  def = saved;
}

int main(void) {
  checks();
  shapes();
  use_block(1); /* as a thread switch does */
  put("block", 1);
  checks();
  shapes();
  run_destructors();
  use_block(0);
  put("block", 0);
  put("back", def + other_def + zero);
  return def & 127;
}
