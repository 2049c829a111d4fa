// What only GCC has: statement expressions in asm operands, vectors of TLS, computed
// goto, __int128 in pieces, __builtin_apply, strings of memory, register variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SKIP: -mgeneral-regs-only
// KEEP-FS: fs_copy=all fs_field=all
// Counters of profiles are in TLS, in functions of any kind:
// SKIP: -fprofile-arcs
typedef int v4 __attribute__((vector_size(16)));
__thread v4 vec;
__thread char text[64];
__thread char big[4096];
__thread int x;
extern __thread int ext;
extern __thread long double wide;
static __thread void *where;
int jump(int i) {
  static void *const to[] = {&&a, &&b};
  where = to[i & 1];
  goto *where;
a:
  return x;
b:
  return ext;
}
v4 add(v4 a) { return vec += a; }
int lane(int i) { return vec[i & 3]; }
long double ld(void) { return wide *= 2; }
void copy(void) { __builtin_memcpy(text, big, sizeof text); }
void fill(int n) { __builtin_memset(big, n, sizeof big); }
unsigned long length(void) { return __builtin_strlen(text); }
int same(const char *s) { return __builtin_memcmp(text, s, 16); }
void move(long n) { __builtin_memmove(big + 1, big, n); }
int statement(void) { int v; __asm__("movl %1, %0" : "=r"(v) : "m"(*({ x++; &ext; }))); return v; }
int pinned(void) { register int r __asm__("r12") = x; __asm__ volatile("" : "+r"(r)); return r + ext; }
int sw(int v) { switch (v) { case 0: return x; case 1: return ext; case 2: return text[1]; case 3: return big[9]; case 4: return lane(1); default: return 0; } }
__attribute__((cold, noinline)) void cold(void) { x = -1; ext++; }
int partly(int v) { if (__builtin_expect(v < 0, 0)) { cold(); x = v; return ext; } return v; }
__attribute__((optimize("O0"))) int unoptimised(void) { return x + ext; }
__attribute__((target("avx2"))) v4 with_avx(v4 a) { return vec * a; }
__attribute__((target_clones("avx2", "default"))) long cloned(int n) { long s = 0; for (int i = 0; i < n; i++) s += big[i]; return s + x; }
int __attribute__((naked)) naked(void) { __asm__("movl %gs:0x80, %eax\n\tret"); }
struct s { int a[40]; };
void fs_copy(struct s *p, struct s __seg_fs *q) { *p = *q; }
int fs_field(struct s __seg_fs *q, int i) { return q->a[i] + q->a[0]; }
