// Loads, stores, read-modify-write and comparisons of every scalar width.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

__thread u8 b = 1;
__thread u16 h;
__thread u32 w = 2;
__thread u64 q;
__thread signed char sb;
__thread short sh;
__thread int sw;
__thread long sq;
__thread _Bool flag;
__thread void *ptr;

#define EACH(X) X(u8, b) X(u16, h) X(u32, w) X(u64, q)                         \
  X(signed char, sb) X(short, sh) X(int, sw) X(long, sq)

#define ONE(T, V)                                                              \
  T get_##V(void) { return V; }                                                \
  u64 widen_##V(void) { return V; }                                            \
  void put_##V(T x) { V = x; }                                                 \
  void zero_##V(void) { V = 0; }                                               \
  void ones_##V(void) { V = (T)-1; }                                           \
  void inc_##V(void) { ++V; }                                                  \
  void dec_##V(void) { --V; }                                                  \
  void neg_##V(void) { V = -V; }                                               \
  void not_##V(void) { V = ~V; }                                               \
  void add_##V(T x) { V += x; }                                                \
  void addi_##V(void) { V += 100; }                                            \
  void sub_##V(T x) { V -= x; }                                                \
  void and_##V(T x) { V &= x; }                                                \
  void andi_##V(void) { V &= 0x70; }                                           \
  void or_##V(T x) { V |= x; }                                                 \
  void ori_##V(void) { V |= 0x11; }                                            \
  void xor_##V(T x) { V ^= x; }                                                \
  void shl_##V(int n) { V <<= n & 7; }                                         \
  void shr_##V(int n) { V >>= n & 7; }                                         \
  void shl1_##V(void) { V <<= 1; }                                             \
  void sar3_##V(void) { V >>= 3; }                                             \
  T radd_##V(T x) { return x + V; }                                            \
  T rsub_##V(T x) { return x - V; }                                            \
  T rmul_##V(T x) { return x * V; }                                            \
  T rmul7_##V(void) { return V * 7; }                                          \
  T rdiv_##V(T x) { return x / V; }                                            \
  T rmod_##V(T x) { return x % V; }                                            \
  T rxor_##V(T x) { return x ^ V; }                                            \
  int eq_##V(T x) { return V == x; }                                           \
  int lt_##V(T x) { return V < x; }                                            \
  int isnull_##V(void) { return V == 0; }                                      \
  int bit_##V(void) { return (V & 4) != 0; }                                   \
  int pick_##V(T x, int a, int c) { return V > x ? a : c; }                    \
  T move_##V(T x) { return x > 5 ? V : x; }                                    \
  T swap_##V(T x) { T old = V; V = x; return old; }                            \
  int decz_##V(void) { return --V == 0; }
EACH(ONE)

// Volatile accesses keep their width and number.
__thread volatile u32 vol;
u32 volatile_get(void) { return vol; }
void volatile_set(u32 x) { vol = x; }
void volatile_twice(void) { vol; vol = 3; vol++; }

u64 rol(int n) { q = q << (n & 63) | q >> (-n & 63); return q; }
u32 ror5(void) { return w >> 5 | w << 27; }
u32 swap_bytes(void) { return __builtin_bswap32(w); }
void store_swapped(u64 x) { q = __builtin_bswap64(x); }
int first(void) { return __builtin_ctzl(q); }
int last(void) { return __builtin_clz(w); }
int count(void) { return __builtin_popcountl(q); }
int parity(void) { return __builtin_parity(w); }
int bittest(u32 n) { return q >> (n & 63) & 1; }
void bitset(u32 n) { q |= 1ul << (n & 63); }
void bitclear(u32 n) { q &= ~(1ul << (n & 63)); }
void bitflip(u32 n) { q ^= 1ul << (n & 63); }
void toggle(void) { flag = !flag; }
int test_flag(void) { return flag ? 3 : 7; }
void *get_ptr(void) { return ptr; }
void set_ptr(void *p) { ptr = p; }
int null_ptr(void) { return ptr == 0; }
u64 deref(void) { return *(u64 *)ptr; }
int add_overflow(int x) { int r; return __builtin_add_overflow(sw, x, &r) ? -1 : r; }
u64 carry(u64 x, u64 *hi) { u64 s = x + q; *hi += s < x; return s; }
u64 truncated(void) { return (u8)q + (u16)w; }
u64 two_variables(void) { return q + w + h + b; }
void copy(void) { q = (u64)sq; w = (u32)q; h = (u16)w; b = (u8)h; }
int both(u32 x) { return w == x && sw > 0 && vol; }
void store_function(void) { ptr = (void *)copy; }
