// All atomic operations, all widths, with and without a used result.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define WIDTHS(X) X(char, 1) X(short, 2) X(int, 4) X(long, 8)
#define ONE(T, N)                                                              \
  __thread T a##N;                                                             \
  T load##N(void) { return __atomic_load_n(&a##N, __ATOMIC_SEQ_CST); }         \
  T relaxed##N(void) { return __atomic_load_n(&a##N, __ATOMIC_RELAXED); }      \
  void store##N(T v) { __atomic_store_n(&a##N, v, __ATOMIC_SEQ_CST); }         \
  void release##N(T v) { __atomic_store_n(&a##N, v, __ATOMIC_RELEASE); }       \
  T xchg##N(T v) { return __atomic_exchange_n(&a##N, v, __ATOMIC_SEQ_CST); }   \
  int cas##N(T *e, T v) {                                                      \
    return __atomic_compare_exchange_n(&a##N, e, v, 0, __ATOMIC_SEQ_CST,       \
                                       __ATOMIC_RELAXED);                      \
  }                                                                            \
  T valcas##N(T e, T v) { return __sync_val_compare_and_swap(&a##N, e, v); }   \
  void add##N(T v) { __atomic_fetch_add(&a##N, v, __ATOMIC_SEQ_CST); }         \
  void inc##N(void) { __atomic_fetch_add(&a##N, 1, __ATOMIC_RELAXED); }        \
  void dec##N(void) { __atomic_fetch_sub(&a##N, 1, __ATOMIC_RELAXED); }        \
  void sub##N(T v) { __atomic_fetch_sub(&a##N, v, __ATOMIC_SEQ_CST); }         \
  void and##N(T v) { __atomic_fetch_and(&a##N, v, __ATOMIC_SEQ_CST); }         \
  void or##N(T v) { __atomic_fetch_or(&a##N, v, __ATOMIC_SEQ_CST); }           \
  void xor##N(T v) { __atomic_fetch_xor(&a##N, v, __ATOMIC_SEQ_CST); }         \
  void nand##N(T v) { __atomic_fetch_nand(&a##N, v, __ATOMIC_SEQ_CST); }       \
  T fadd##N(T v) { return __atomic_fetch_add(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T subf##N(T v) { return __atomic_sub_fetch(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T fand##N(T v) { return __atomic_fetch_and(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T for##N(T v) { return __atomic_fetch_or(&a##N, v, __ATOMIC_SEQ_CST); }      \
  T fxor##N(T v) { return __atomic_fetch_xor(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T fmax##N(T v) { return __atomic_fetch_max(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T fmin##N(T v) { return __atomic_fetch_min(&a##N, v, __ATOMIC_SEQ_CST); }    \
  T umax##N(unsigned T v) {                                                    \
    return (T)__atomic_fetch_max((unsigned T *)&a##N, v, __ATOMIC_SEQ_CST);    \
  }                                                                            \
  int dec_is_zero##N(void) { return __atomic_sub_fetch(&a##N, 1, 5) == 0; }    \
  int add_is_neg##N(T v) { return __atomic_add_fetch(&a##N, v, 5) < 0; }       \
  int bit_set##N(void) { return __atomic_fetch_or(&a##N, 4, 5) & 4; }          \
  int bit_reset##N(int n) {                                                    \
    T m = (T)(1l << (n & (8 * N - 1)));                                        \
    return (__atomic_fetch_and(&a##N, (T)~m, 5) & m) != 0;                     \
  }                                                                            \
  int bit_flip##N(int n) {                                                     \
    T m = (T)(1l << (n & (8 * N - 1)));                                        \
    return (__atomic_fetch_xor(&a##N, m, 5) & m) != 0;                         \
  }
WIDTHS(ONE)

__thread _Atomic int c11;
__thread _Atomic(void *) pointer;
__thread struct { _Atomic long a, b; } pair;
int c11_inc(void) { return c11++; }
void c11_or(int v) { c11 |= v; }
void *take(void) { return __c11_atomic_exchange(&pointer, 0, __ATOMIC_ACQ_REL); }
void fenced(int v) {
  c11 = v;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  pair.b = v;
}
__thread char lock_byte;
void lock(void) { while (__atomic_test_and_set(&lock_byte, __ATOMIC_ACQUIRE)) __builtin_ia32_pause(); }
void unlock(void) { __atomic_clear(&lock_byte, __ATOMIC_RELEASE); }
__thread long array[16];
long add_at(int i, long v) { return __atomic_fetch_add(&array[i], v, __ATOMIC_SEQ_CST); }
void store_at(int i, long v) { __atomic_store_n(&array[i], v, __ATOMIC_SEQ_CST); }
