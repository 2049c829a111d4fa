// On-purpose FS: __seg_fs pointers, alone and beside TLS accesses.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC-SKIP: -funroll-all-loops -fprofile-arcs
// A function named on a KEEP-FS line keeps all (=all) or exactly so many of its
// FS operands; the canary moves in every function.
// KEEP-FS: load=all store=all inc=all zero=all zero_store=all constant=all
// KEEP-FS: atomics=all cas=all xchg=all copy_in=all copy_out=all loop=all
// KEEP-FS: narrow=all wide=all field=all element=all call=all tail=all
// KEEP-FS: canary_constant=every
// KEEP-FS: beside=2 beside_index=2 beside_atomic=1 beside_branch=2 beside_loop=1
// KEEP-FS: two_segments=1 inline_user=1 beside_const=3
typedef int __seg_fs fsint;
typedef long __seg_fs fslong;
struct s { int a; long b; char c[40]; };
__thread int x;
__thread int xs[8];
extern __thread int ext;
void use(int);

int load(fsint *p) { return *p; }
void store(fsint *p, int v) { *p = v; }
void inc(fsint *p) { ++*p; }
long zero(void) { return *(volatile fslong *)0; }
void zero_store(long v) { *(volatile fslong *)0 = v; }
long constant(void) { return *(fslong *)0x80 + *(fslong *)-16; }
#ifdef __clang__ // GCC has no atomics in address spaces
long atomics(fslong *p, long v) { return __atomic_fetch_add(p, v, 5) + __atomic_load_n(p, 5); }
int cas(fslong *p, long e, long v) { return __sync_bool_compare_and_swap(p, e, v); }
long xchg(fslong *p, long v) { return __atomic_exchange_n(p, v, 5); }
#endif
void copy_in(struct s __seg_fs *p, struct s *q) { *p = *q; }
void copy_out(struct s *p, struct s __seg_fs *q) { *p = *q; }
int loop(fsint *p, int n) { int s = 0; while (n--) s += *p++; return s; }
int narrow(signed char __seg_fs *p, short __seg_fs *q) { return *p + *q; }
__int128 wide(__int128 __seg_fs *p) { return *p; }
long field(struct s __seg_fs *p) { return p->a + p->b + p->c[3]; }
int element(fsint *p, long i) { return p[i + 4] < p[i]; }
int call(int (*__seg_fs *p)(int)) { return (*p)(3) + 1; }
int tail(int (*__seg_fs *p)(int)) { return (*p)(3); }
// At the canary's own address.
__attribute__((no_stack_protector)) long canary_constant(void) {
  volatile fslong *p = (volatile fslong *)0x28;
  long a = *p;
  *p = a + 1;
  return *p;
}

// Beside TLS: of each function the volatile FS accesses stay, the rest moves.
int beside(volatile fsint *p, int v) { x = v; *p = v; ext = v; return x + ext + *p; }
int beside_index(volatile fsint *p, long i) { xs[i] = p[i]; p[i] = ext; return xs[i + 1]; }
#ifdef __clang__
long beside_atomic(fslong *p) { __atomic_fetch_add(&x, 1, 5); return __atomic_fetch_add(p, 1, 5); }
#endif
int beside_branch(volatile fsint *p, int c) { if (c) return x + p[1]; return ext - *p; }
void beside_loop(volatile fsint *p, int n) { for (int i = 0; i < n; i++) { use(i); x += *p; } }
int two_segments(volatile fsint *p, volatile int __seg_gs *q) { return *p + *q + x; }
static inline __attribute__((always_inline)) int get(volatile fsint *p) { return *p; }
int inline_user(volatile fsint *p) { return get(p) + x; }
int beside_const(void) {
  x = *(volatile fsint *)0x90;
  *(volatile fsint *)0x94 = ext;
  return *(volatile fsint *)0x98;
}
