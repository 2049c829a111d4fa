// The thread pointer by builtin, alone and beside variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int x;
extern __thread int ext;
void use(void *);
void *tp(void) { return __builtin_thread_pointer(); }
long offset(void) { return (char *)&x - (char *)__builtin_thread_pointer(); }
long field(void) { return *(long *)((char *)__builtin_thread_pointer() + 0x80); }
int is(void *p) { return p == __builtin_thread_pointer(); }
void store(void **p) { *p = __builtin_thread_pointer(); }
void pass(void) { use(__builtin_thread_pointer()); }
long both(void) { return x + ext + *((long *)__builtin_thread_pointer() + 2); }
int at(long i) { return ((int *)__builtin_thread_pointer())[i]; }
void put(long i, int v) { ((int *)__builtin_thread_pointer())[i] = v; }
long loop(int n) {
  long s = 0;
  for (int i = 0; i < n; i++) { use(0); s += ((long *)__builtin_thread_pointer())[16]; }
  return s;
}
void twice(void) { use(__builtin_thread_pointer()); use(__builtin_thread_pointer()); use(&x); use(&ext); }
