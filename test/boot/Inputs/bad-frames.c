// Signal frames, stacks and handlers that a kernel must not believe. "ok": the
// program went on; else a signal kills it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static int Case;
static void change(int Signal, siginfo_t *I, void *Context) {
  (void)Signal, (void)I;
  ucontext_t *U = Context;
  char *State = (char *)U->uc_mcontext.fpregs;
  greg_t *R = U->uc_mcontext.gregs;
  switch (Case) {
  case 0: *(uint32_t *)(State + 24) = 0xffffffff; break;                 // MXCSR
  case 1: *(uint64_t *)(State + 512) = ~0ull; break;                     // XSTATE_BV
  case 2: *(uint64_t *)(State + 520) = 1ull << 63; break;                // XCOMP_BV
  case 3: R[REG_RIP] = (greg_t)0xffffffff80100000; break;
  case 4: R[REG_RIP] = 0x1234567890abcdef; break;                        // not canonical
  case 5: R[REG_RSP] = (greg_t)0xffffc00000008000; break;                // a kernel stack
  case 6: U->uc_mcontext.fpregs = (void *)0xffff800000001000; break;
  case 7: U->uc_mcontext.fpregs = (void *)0x7000; break;
  case 8: R[REG_EFL] |= 0x7000 | 0x20000 | 0x180000; R[REG_EFL] &= ~0x200; break; // IOPL, NT, VM …, not IF
  case 9: U->uc_mcontext.fpregs = 0; break;                              // initial state
  case 10: *(uint32_t *)(State + 464) = 0; break;                        // no more than FXSAVE
  }
}

struct kernel_action { void *Handler; unsigned long Flags; void *Restorer; uint64_t Mask; };

static int recurse(int N) {
  volatile char Room[4096];
  Room[0] = N;
  return N > 100000000 ? 0 : recurse(N + 1) + Room[0];
}
static void never(int Signal) { (void)Signal; }

int main(int Count, char **Arguments) {
  Case = Count > 1 ? atoi(Arguments[1]) : 0;
  struct sigaction A;
  memset(&A, 0, sizeof A);
  A.sa_sigaction = change;
  A.sa_flags = SA_SIGINFO;
  struct kernel_action K = {(void *)never, 0, 0, 0};
  stack_t S = {.ss_sp = (void *)0x10000000, .ss_size = 1 << 16};
  if (Case <= 10) {
    sigaction(SIGUSR1, &A, 0);
    raise(SIGUSR1);
  }
  switch (Case) {
  case 11: // no frame at all, from a stack of noise
    __asm__ volatile("mov %0,%%rsp\n mov $15,%%eax\n syscall" : : "r"(memset(aligned_alloc(64, 8192), 0x5a, 8192)));
  case 12:
    __asm__ volatile("mov %0,%%rsp\n mov $15,%%eax\n syscall" : : "r"(0x100000ul));
  case 13: // a handler without a restorer
    syscall(SYS_rt_sigaction, SIGUSR1, &K, 0, 8);
    raise(SIGUSR1);
    break;
  case 14: // a handler in the kernel
    K.Handler = (void *)0xffffffff80100000;
    K.Flags = 0x04000000;
    K.Restorer = (void *)never;
    syscall(SYS_rt_sigaction, SIGUSR1, &K, 0, 8);
    raise(SIGUSR1);
    break;
  case 15: { // a fault that is blocked
    signal(SIGSEGV, never);
    sigset_t Mask;
    sigfillset(&Mask);
    sigprocmask(SIG_BLOCK, &Mask, 0);
    *(volatile int *)16 = 1;
    break;
  }
  case 16: // no stack for the handler
    signal(SIGSEGV, never);
    recurse(1);
    break;
  case 17: // an alternate stack where nothing is
    sigaltstack(&S, 0);
    A.sa_flags = SA_ONSTACK | SA_SIGINFO;
    sigaction(SIGUSR1, &A, 0);
    raise(SIGUSR1);
    break;
  case 18: // ignored faults are not
    signal(SIGSEGV, SIG_IGN);
    *(volatile int *)16 = 1;
    break;
  }
  uint64_t Flags;
  __asm__ volatile("pushfq; popq %0" : "=r"(Flags));
  printf("ok %d flags 0x%lx\n", Case, (long)Flags & 0x37700);
  return 0;
}
