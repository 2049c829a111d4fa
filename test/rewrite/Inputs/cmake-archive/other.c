// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
static __thread int last;
int remember(int value) { return __atomic_exchange_n(&last, value, __ATOMIC_RELAXED); }
