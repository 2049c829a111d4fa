/* Threads that keep values in the SSE and x87 registers, and change rounding
 * modes, while the timer switches between them.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <stdio.h>

enum { Threads = 8, Rounds = 400 };

/* Fills registers with values of this thread, spins, and counts those that
 * changed. */
static long round_trip(long Id, long Turns) {
  double In[8], Out[8], X87In = Id + 0.25, X87Out;
  for (int I = 0; I != 8; ++I)
    In[I] = Id * 100 + I;
  unsigned Mxcsr = 0x1f80 | (unsigned)(Id & 3) << 13, MxcsrOut;
  __asm__ volatile("ldmxcsr %[mxcsr]\n\t"
                   "fldl %[x87in]\n\t"
                   "movsd 0(%[in]), %%xmm0\n\t"
                   "movsd 8(%[in]), %%xmm1\n\t"
                   "movsd 16(%[in]), %%xmm2\n\t"
                   "movsd 24(%[in]), %%xmm7\n\t"
                   "movsd 32(%[in]), %%xmm8\n\t"
                   "movsd 40(%[in]), %%xmm9\n\t"
                   "movsd 48(%[in]), %%xmm14\n\t"
                   "movsd 56(%[in]), %%xmm15\n"
                   "1: dec %[turns]\n\t"
                   "jnz 1b\n\t"
                   "movsd %%xmm0, 0(%[out])\n\t"
                   "movsd %%xmm1, 8(%[out])\n\t"
                   "movsd %%xmm2, 16(%[out])\n\t"
                   "movsd %%xmm7, 24(%[out])\n\t"
                   "movsd %%xmm8, 32(%[out])\n\t"
                   "movsd %%xmm9, 40(%[out])\n\t"
                   "movsd %%xmm14, 48(%[out])\n\t"
                   "movsd %%xmm15, 56(%[out])\n\t"
                   "fstpl %[x87out]\n\t"
                   "stmxcsr %[mxcsrout]"
                   : [turns] "+r"(Turns), [x87out] "=m"(X87Out),
                     [mxcsrout] "=m"(MxcsrOut)
                   : [in] "r"(In), [out] "r"(Out), [mxcsr] "m"(Mxcsr),
                     [x87in] "m"(X87In)
                   : "xmm0", "xmm1", "xmm2", "xmm7", "xmm8", "xmm9", "xmm14",
                     "xmm15", "memory", "cc");
  long Bad = (MxcsrOut & 0x6000) != (Mxcsr & 0x6000);
  Bad += X87Out != X87In;
  for (int I = 0; I != 8; ++I)
    Bad += Out[I] != In[I];
  return Bad;
}

static void *run(void *Argument) {
  long Bad = 0;
  for (int I = 0; I != Rounds; ++I)
    Bad += round_trip((long)Argument, 20000);
  return (void *)Bad;
}

int main(void) {
  pthread_t T[Threads];
  long Bad = 0;
  for (long I = 0; I != Threads; ++I)
    if (pthread_create(&T[I], 0, run, (void *)I))
      return 2;
  for (int I = 0; I != Threads; ++I) {
    void *Result;
    pthread_join(T[I], &Result);
    Bad += (long)Result;
  }
  printf("vector state: %ld values lost\n", Bad);
  return Bad != 0;
}
