// Signal handlers, as a program sees them. Prints the same under Linux.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static __thread volatile int Tls = 5;
static __thread sigjmp_buf Back;
static volatile int Runs;

static void set(int Signal, void *Handler, int Flags) {
  struct sigaction A;
  memset(&A, 0, sizeof A);
  A.sa_sigaction = Handler;
  A.sa_flags = Flags;
  if (sigaction(Signal, &A, 0))
    perror("sigaction");
}

static void say(const char *What, long Value) {
  printf("%s: %ld\n", What, Value);
  fflush(stdout);
}

// --- Registers and the frame ---

static void *LastAddress;
static int LastCode;
static long LastTrap, LastAligned, AtRip;
static void note(int Signal, siginfo_t *I, void *Context) {
  ucontext_t *U = Context;
  LastAddress = I->si_addr;
  LastCode = I->si_code;
  LastTrap = U->uc_mcontext.gregs[REG_TRAPNO];
  LastAligned = (uintptr_t)__builtin_frame_address(0) % 16 == 0;
  AtRip = I->si_addr == (void *)U->uc_mcontext.gregs[REG_RIP];
  ++Tls;
  errno = 77;
  siglongjmp(Back, Signal);
}

static char *Guard;
static void fault(const char *What, int Kind) {
  int Signal = sigsetjmp(Back, 1);
  if (!Signal) {
    switch (Kind) {
    case 0: *(volatile int *)0x1234 = 1; break;
    case 1: *(volatile char *)Guard = 1; break;
    case 2: *(volatile char *)0x8000000000001234 = 1; break;
    case 3: __asm__ volatile("ud2"); break;
    case 4: __asm__ volatile("int3"); break;
    case 5: __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0)); break;
    // SSE exceptions are not tried: QEMU's TCG does not raise them.
    case 7: {
      volatile long double Zero = 0, One = 1;
      feenableexcept(FE_DIVBYZERO);
      volatile long double Quotient = One / Zero;
      __asm__ volatile("fwait" : : "m"(Quotient));
      break;
    }
    }
    puts("no signal?");
    return;
  }
  printf("%s: signal %d code %d trap %ld aligned %ld at rip %ld%s\n", What, Signal, LastCode, LastTrap,
         LastAligned, AtRip, Kind == 1 ? LastAddress == Guard ? " at the address" : " elsewhere" : "");
  fflush(stdout);
}

// --- What the frame holds ---

struct xheader { uint32_t magic1, extended_size; uint64_t xfeatures; uint32_t xstate_size; };
static void frame(int Signal, siginfo_t *I, void *Context) {
  ucontext_t *U = Context;
  char *State = (char *)U->uc_mcontext.fpregs;
  struct xheader *X = (void *)(State + 464);
  uint32_t Magic2 = 0;
  if (X->magic1 == 0x46505853)
    memcpy(&Magic2, State + X->xstate_size, 4);
  printf("frame: state aligned %d, magic %d %d, pid %d, code %d, flags %d, red zone %d\n",
         (uintptr_t)State % 64 == 0, X->magic1 == 0x46505853, Magic2 == 0x46505845,
         I->si_pid == getpid(), I->si_code, (int)(U->uc_flags & 6),
         (char *)U->uc_mcontext.gregs[REG_RSP] - State >= 128 + (long)X->extended_size);
  U->uc_mcontext.gregs[REG_RBX] += 1; // a register that the code below looks at
  ++Runs;
}

static long changed(int Pid, int Tid) {
  long Rbx = 41, Result;
  __asm__ volatile("syscall"
                   : "+b"(Rbx), "=a"(Result)
                   : "a"(SYS_tgkill), "D"(Pid), "S"(Tid), "d"(SIGUSR1)
                   : "rcx", "r11", "memory");
  return Rbx * 10 + Result;
}

// --- Vector registers ---

static void clobber(int Signal) {
  (void)Signal;
  __asm__ volatile("pxor %%xmm3,%%xmm3\n pcmpeqd %%xmm4,%%xmm4\n fninit\n fldz" : : : "xmm3", "xmm4", "memory");
  ++Runs;
}
static void clobberAvx(int Signal) {
  (void)Signal;
  __asm__ volatile("vpcmpeqd %%xmm3,%%xmm3,%%xmm3\n vzeroall" : : : "xmm3", "memory");
  ++Runs;
}
__attribute__((target("avx"))) static long avxKept(void) {
  static const uint64_t In[4] = {1, 2, 3, 4};
  uint64_t Out[4];
  long Result;
  __asm__ volatile("vmovdqu %2,%%ymm3\n mov %3,%%eax\n syscall\n vmovdqu %%ymm3,%1"
                   : "=&a"(Result), "=m"(Out)
                   : "m"(In), "i"(SYS_tgkill), "D"(getpid()), "S"(gettid()), "d"(SIGUSR2)
                   : "rcx", "r11", "xmm3", "memory");
  return memcmp(In, Out, sizeof In) == 0;
}
static long sseKept(void) {
  static const uint64_t In[2] = {0x1122334455667788, 0x99aabbccddeeff00};
  uint64_t Out[2];
  long Result;
  __asm__ volatile("movdqu %2,%%xmm3\n mov %3,%%eax\n syscall\n movdqu %%xmm3,%1"
                   : "=&a"(Result), "=m"(Out)
                   : "m"(In), "i"(SYS_tgkill), "D"(getpid()), "S"(gettid()), "d"(SIGUSR2)
                   : "rcx", "r11", "xmm3", "memory");
  return memcmp(In, Out, sizeof In) == 0;
}

// --- Masks and nesting ---

static volatile int Depth, MaxDepth;
static void nest(int Signal) {
  if (++Depth > MaxDepth)
    MaxDepth = Depth;
  if (Runs++ < 3)
    raise(Signal);
  --Depth;
}

static int Order[8], NumOrder;
static void order(int Signal) { Order[NumOrder++] = Signal; }

static void value(int Signal, siginfo_t *I, void *Context) {
  (void)Context;
  Order[NumOrder++] = Signal * 100 + I->si_value.sival_int;
}

// --- Stacks ---

static char *AltStart;
static size_t AltSize = 65536;
static int OnAlt;
static void overflowed(int Signal, siginfo_t *I, void *Context) {
  (void)Context;
  char *Here = __builtin_frame_address(0);
  OnAlt = Here > AltStart && Here < AltStart + AltSize;
  stack_t S;
  sigaltstack(0, &S);
  OnAlt = OnAlt * 10 + (S.ss_flags == SS_ONSTACK);
  LastCode = I->si_code;
  siglongjmp(Back, Signal);
}
static int recurse(int N) {
  volatile char Room[4096];
  Room[0] = N;
  return N > 100000000 ? 0 : recurse(N + 1) + Room[0];
}

static void *smallStack(void *Unused) {
  (void)Unused;
  stack_t S = {.ss_sp = AltStart, .ss_size = AltSize};
  sigaltstack(&S, 0);
  set(SIGSEGV, overflowed, SA_SIGINFO | SA_ONSTACK);
  if (!sigsetjmp(Back, 1))
    recurse(1);
  printf("overflow: on the alternate stack %d, code %d, tls %d\n", OnAlt, LastCode > 0, Tls);
  // Again: siglongjmp has left the stack.
  if (!sigsetjmp(Back, 1))
    recurse(1);
  sigaltstack(0, &S);
  printf("overflow again: %d, flags %d\n", OnAlt, S.ss_flags);
  fflush(stdout);
  return 0;
}

int main(void) {
  set(SIGSEGV, note, SA_SIGINFO);
  set(SIGBUS, note, SA_SIGINFO);
  set(SIGILL, note, SA_SIGINFO);
  set(SIGTRAP, note, SA_SIGINFO);
  set(SIGFPE, note, SA_SIGINFO);
  Guard = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fault("unmapped", 0);
  fault("protected", 1);
  fault("non-canonical", 2);
  fault("illegal", 3);
  fault("breakpoint", 4);
  fault("divide", 5);
  fault("x87 divide", 7);
  fedisableexcept(FE_ALL_EXCEPT);
  say("tls", Tls);

  set(SIGUSR1, frame, SA_SIGINFO);
  say("register changed by the handler", changed(getpid(), gettid()));

  set(SIGUSR2, clobber, 0);
  Runs = 0;
  long Kept = sseKept();
  say("sse kept", Kept * 10 + Runs);
  if (__builtin_cpu_supports("avx")) {
    set(SIGUSR2, clobberAvx, 0);
    Kept = avxKept();
    say("avx kept", Kept * 10 + Runs);
  } else
    say("avx kept", 12);

  Runs = 0;
  set(SIGUSR1, nest, 0);
  raise(SIGUSR1);
  printf("nested: runs %d, depth %d\n", Runs, MaxDepth);
  Runs = MaxDepth = 0;
  set(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  printf("nodefer: runs %d, depth %d\n", Runs, MaxDepth);

  sigset_t Mask, Old;
  sigemptyset(&Mask);
  for (int S = SIGRTMIN; S < SIGRTMIN + 3; ++S) {
    sigaddset(&Mask, S);
    set(S, value, SA_SIGINFO);
  }
  sigaddset(&Mask, SIGUSR1);
  sigaddset(&Mask, SIGUSR2);
  set(SIGUSR1, order, 0);
  set(SIGUSR2, order, 0);
  sigprocmask(SIG_BLOCK, &Mask, &Old);
  for (int I = 0; I < 2; ++I) {
    kill(getpid(), SIGUSR2);
    raise(SIGUSR1);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = I});
  }
  sigset_t Pending;
  sigpending(&Pending);
  printf("pending: %d %d %d\n", sigismember(&Pending, SIGUSR1), sigismember(&Pending, SIGUSR2),
         sigismember(&Pending, SIGRTMIN + 1));
  sigprocmask(SIG_SETMASK, &Old, 0);
  // The last frame made runs first.
  printf("queued: %d runs;", NumOrder);
  for (int I = 0; I < NumOrder; ++I)
    printf(" %d", Order[I] > 100 ? Order[I] % 100 : Order[I]);
  puts("");

  set(SIGUSR1, order, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction Now;
  sigaction(SIGUSR1, 0, &Now);
  say("reset to default", Now.sa_handler == SIG_DFL);
  set(SIGUSR1, SIG_IGN, 0);
  say("ignored", raise(SIGUSR1));
  say("of no process", kill(1 << 30, 0) == -1 && errno == ESRCH);
  say("bad number", kill(getpid(), 65) == -1 && errno == EINVAL);
  say("kill cannot be caught", signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL);

  AltStart = malloc(AltSize);
  pthread_attr_t Attributes;
  pthread_attr_init(&Attributes);
  pthread_attr_setstacksize(&Attributes, 1 << 17);
  pthread_t Thread;
  pthread_create(&Thread, &Attributes, smallStack, 0);
  pthread_join(Thread, 0);
  puts("end");
  return 0;
}
