// memcpy, memset, memmove and memcmp of every size class.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
typedef unsigned long size_t;
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
__thread char a[4096], b[4096];
extern __thread char ext[4096];
static __thread struct { char c[200]; } big, big2;
#define SIZES(X) X(1) X(2) X(3) X(4) X(7) X(8) X(15) X(16) X(17) X(31) X(32)   \
  X(48) X(63) X(64) X(100) X(128) X(129) X(256) X(1000) X(4096)
#define ONE(N)                                                                 \
  void in##N(const void *p) { memcpy(a, p, N); }                               \
  void out##N(void *p) { memcpy(p, a, N); }                                    \
  void across##N(void) { memcpy(a, ext, N); }                                  \
  void move##N(void) { memmove(a + 1, a, N - 1); }                             \
  void clear##N(void) { memset(a, 0, N); }                                     \
  void fill##N(int v) { memset(ext, v, N); }                                   \
  int cmp##N(const void *p) { return memcmp(a, p, N); }                        \
  int eq##N(void) { return memcmp(b, ext, N) == 0; }
SIZES(ONE)
void any(const void *p, size_t n) { memcpy(a, p, n); memset(b, 1, n); }
void inl(const void *p) { __builtin_memcpy_inline(a, p, 77); __builtin_memset_inline(b, 0, 55); }
void structs(void) { big = big2; }
size_t len(void) { return strlen(a); }
// String instructions, which take no segment prefix on their destination.
__attribute__((minsize)) void small_copy(const void *p) { memcpy(a, p, 512); }
__attribute__((minsize)) void small_clear(void) { memset(ext, 0, 512); }
