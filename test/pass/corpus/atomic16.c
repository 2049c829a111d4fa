// 16-byte compare-exchange and what is built from it; floating-point atomics.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -mcx16
// SKIP: -mgeneral-regs-only
__thread __int128 wide __attribute__((aligned(16)));
__thread __int128 wide_array[4] __attribute__((aligned(16)));
__thread _Atomic float af;
__thread _Atomic double ad;

__int128 load(void) { return __atomic_load_n(&wide, __ATOMIC_SEQ_CST); }
void store(__int128 v) { __atomic_store_n(&wide, v, __ATOMIC_SEQ_CST); }
__int128 xchg(__int128 v) { return __atomic_exchange_n(&wide, v, __ATOMIC_SEQ_CST); }
int cas(__int128 *e, __int128 v) {
  return __atomic_compare_exchange_n(&wide, e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
int cas_at(long i, __int128 e, __int128 v) {
  return __sync_bool_compare_and_swap(&wide_array[i], e, v);
}
__int128 add(__int128 v) { return __atomic_fetch_add(&wide, v, __ATOMIC_SEQ_CST); }
float addf(float v) { return af += v; }
double subd(double v) { return ad -= v; }
double loadd(void) { return ad; }
void stored(double v) { ad = v; }
