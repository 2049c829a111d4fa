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

int main(void) {
  checks();
  use_block(1); /* as a thread switch does */
  put("block", 1);
  checks();
  run_destructors();
  use_block(0);
  put("block", 0);
  put("back", def + other_def + zero);
  return def & 127;
}
