/* What the memory calls do, case by case, one line each; the same output on Linux
 * and on the stub.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { Page = 4096, R = PROT_READ, RW = PROT_READ | PROT_WRITE };
enum { Anonymous = MAP_PRIVATE | MAP_ANONYMOUS };

static sigjmp_buf Back;
static void *Expected;
static char What[32];

static void caught(int Signal, siginfo_t *Info, void *Context) {
  (void)Context;
  snprintf(What, sizeof(What), "%s %d%s", Signal == SIGBUS ? "SIGBUS" : "SIGSEGV",
           Info->si_code, Info->si_addr == Expected ? "" : " elsewhere");
  siglongjmp(Back, 1);
}

/* What a read of or a write to a byte leads to. */
static const char *touch(volatile char *P, int Write) {
  Expected = (void *)P;
  strcpy(What, "fine");
  if (!sigsetjmp(Back, 1)) {
    if (Write)
      *P = *P + 1;
    else
      (void)*P;
  }
  return What;
}
static const char *execute(char *P) {
  Expected = P;
  strcpy(What, "fine");
  if (!sigsetjmp(Back, 1))
    ((void (*)(void))(uintptr_t)P)();
  return What;
}

static const char *error(long Result) {
  return Result == -1 ? strerrorname_np(errno) : "ok";
}
#define SHOW(Call) printf("%-72s %s\n", #Call, error((long)(Call)))
#define TOUCH(P, Write)                                                        \
  printf("%-72s %s\n", Write ? "write " #P : "read " #P, touch(P, Write))
#define VALUE(Expression) printf("%-72s %ld\n", #Expression, (long)(Expression))

static char *anonymous(int Pages, int Protection) {
  char *P = mmap(0, (size_t)Pages * Page, Protection, Anonymous, -1, 0);
  if (P == MAP_FAILED)
    exit(2);
  return P;
}
/* Pages that have what is mapped around them taken away. */
static char *island(int Pages) {
  char *P = anonymous(Pages + 2, RW);
  munmap(P, Page);
  munmap(P + (Pages + 1) * Page, Page);
  return P + Page;
}

static void testMap(void) {
  char *P = island(8);
  SHOW(mmap(0, 0, RW, Anonymous, -1, 0));
  SHOW(mmap(0, Page, RW, MAP_ANONYMOUS, -1, 0));
  SHOW(mmap(0, Page, RW, Anonymous, -1, 1));
  SHOW(mmap(0, Page, RW, MAP_PRIVATE, -1, 0));
  SHOW(mmap(0, -1ul, RW, Anonymous, -1, 0));
  SHOW(mmap(P + 1, Page, RW, Anonymous | MAP_FIXED, -1, 0));
  SHOW(mmap((void *)(1ul << 47), Page, RW, Anonymous | MAP_FIXED, -1, 0));
  SHOW(mmap((void *)((1ul << 47) - Page), 2 * Page, RW, Anonymous | MAP_FIXED, -1, 0));
  SHOW(mmap(P, Page, RW, Anonymous | MAP_FIXED_NOREPLACE, -1, 0));
  SHOW(mmap(P - Page, Page, RW, Anonymous | MAP_FIXED_NOREPLACE, -1, 0));
  SHOW(munmap(P - Page, Page));
  VALUE(mmap(P - Page, Page, RW, Anonymous, -1, 0) == P - Page); /* a hint */
  SHOW(munmap(P - Page, Page));
  VALUE(mmap(P, Page, RW, Anonymous, -1, 0) == P);
  VALUE((uint64_t)mmap(0, Page, RW, Anonymous | MAP_32BIT, -1, 0) < 1ul << 31);
  SHOW(mmap(0, 4 * Page, RW, Anonymous | MAP_GROWSDOWN | MAP_STACK, -1, 0));
  SHOW(mmap(0, 4 * Page, RW, Anonymous | MAP_POPULATE | MAP_LOCKED, -1, 0));
  SHOW(mmap(0, 4 * Page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  SHOW(mmap(0, 1ul << 46, RW, Anonymous | MAP_NORESERVE, -1, 0));
  SHOW(mmap(0, 1ul << 44, PROT_NONE, Anonymous, -1, 0));
  SHOW(mmap(0, 1ul << 44, RW, Anonymous, -1, 0));

  /* Holes, pieces, and what they held. */
  memset(P, 1, 8 * Page);
  SHOW(munmap(P + 2 * Page, 2 * Page));
  SHOW(munmap(P + 2 * Page, 2 * Page));
  TOUCH(P + 2 * Page - 1, 0);
  TOUCH(P + 2 * Page, 0);
  TOUCH(P + 4 * Page - 1, 1);
  TOUCH(P + 4 * Page, 1);
  VALUE(P[4 * Page]);
  SHOW(mmap(P + Page, 6 * Page, RW, Anonymous | MAP_FIXED, -1, 0));
  VALUE(P[Page - 1] + 10 * P[Page] + 100 * P[7 * Page - 1] + 1000 * P[7 * Page]);
  SHOW(munmap(P + 1, Page));
  SHOW(munmap(P, 0));
  SHOW(munmap(P, -1ul));
  SHOW(munmap((void *)(1ul << 63), Page));
  SHOW(munmap(P, 8 * Page));
  TOUCH(P, 0);
  TOUCH((char *)0 + 16, 1);
}

static void testProtect(void) {
  char *P = island(6);
  memset(P, 5, 6 * Page);
  SHOW(mprotect(P + Page, Page, PROT_NONE));
  SHOW(mprotect(P + 2 * Page, Page, R));
  SHOW(mprotect(P + 3 * Page, Page, R | PROT_EXEC));
  SHOW(mprotect(P + 4 * Page, Page, PROT_WRITE));
  TOUCH(P + Page, 0);
  TOUCH(P + Page, 1);
  TOUCH(P + 2 * Page, 0);
  TOUCH(P + 2 * Page, 1);
  TOUCH(P + 3 * Page, 1);
  TOUCH(P + 4 * Page, 1);
  P[3 * Page - 1] == 5 ? (void)0 : abort();
  printf("execute data: %s\n", execute(P));
  P[0] = (char)0xc3; /* ret */
  SHOW(mprotect(P, Page, RW | PROT_EXEC));
  printf("execute code: %s\n", execute(P));
  SHOW(mprotect(P, Page, R));
  printf("execute it without the right: %s\n", execute(P));
  printf("execute nothing: %s\n", execute(P - Page));
  SHOW(mprotect(P + Page, 4 * Page, RW));
  VALUE(P[Page] + P[2 * Page] + P[3 * Page] + P[4 * Page]);
  SHOW(mprotect(P + 5 * Page, 2 * Page, R)); /* the second is not there */
  TOUCH(P + 5 * Page, 1);
  SHOW(mprotect(P - Page, 2 * Page, RW));
  SHOW(mprotect(P, 0, RW));
  SHOW(mprotect(P + 1, Page, RW));
  SHOW(mprotect(P, Page, 64));
  SHOW(mprotect(P, -1ul, RW));
  SHOW(mprotect(P, Page, RW | PROT_GROWSDOWN));
  char Local;
  char *Stack = &Local - (uintptr_t)&Local % Page;
  SHOW(mprotect(Stack, Page, RW | PROT_GROWSDOWN));
}

static void testRemap(void) {
  char *P = island(4), *Q;
  for (int I = 0; I != 4; ++I)
    P[I * Page] = 10 + I;
  SHOW(mremap(P, 4 * Page, 2 * Page, 0)); /* less */
  TOUCH(P + 2 * Page, 0);
  SHOW(mremap(P, 2 * Page, 4 * Page, 0)); /* more, in place */
  VALUE(P[Page] + P[2 * Page]);
  SHOW(mmap(P + 4 * Page, Page, RW, Anonymous | MAP_FIXED, -1, 0));
  SHOW(mprotect(P + 4 * Page, Page, R));
  SHOW(mremap(P, 4 * Page, 6 * Page, 0)); /* no room */
  SHOW(Q = mremap(P, 4 * Page, 6 * Page, MREMAP_MAYMOVE));
  VALUE(Q != P && Q[0] == 10 && Q[Page] == 11 && Q[5 * Page] == 0);
  TOUCH(P, 0);
  TOUCH(P + 4 * Page, 0);
  Q[5 * Page] = 7;
  char *To = island(8);
  To[7 * Page] = 9;
  To[6 * Page] = 8;
  SHOW(mremap(Q, 6 * Page, 7 * Page, MREMAP_MAYMOVE | MREMAP_FIXED, To));
  VALUE(To[0] + To[Page] + To[5 * Page] + To[6 * Page] + To[7 * Page]);
  TOUCH(Q, 0);
  /* The middle of a region, to elsewhere. */
  SHOW(Q = mremap(To + Page, Page, 3 * Page, MREMAP_MAYMOVE));
  VALUE(Q[0] + Q[Page]);
  TOUCH(To, 0);
  TOUCH(To + Page, 0);
  TOUCH(To + 2 * Page, 0);
  SHOW(mremap(Q, Page, Page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
  VALUE(Q[0]); /* still there, empty */
  SHOW(mremap(Q + 1, Page, Page, 0));
  SHOW(mremap(Q, Page, 0, 0));
  SHOW(mremap(Q, 0, Page, MREMAP_MAYMOVE));
  SHOW(mremap(Q, Page, Page, 8));
  SHOW(mremap(Q, Page, Page, MREMAP_FIXED, To));
  SHOW(mremap(Q, 2 * Page, Page, MREMAP_MAYMOVE | MREMAP_FIXED, Q + Page));
  SHOW(mremap(Q, Page, Page, MREMAP_MAYMOVE | MREMAP_FIXED, To + 1));
  SHOW(mremap(To + Page, Page, 2 * Page, MREMAP_MAYMOVE)); /* not mapped */
  SHOW(mremap(Q, 4 * Page, 5 * Page, MREMAP_MAYMOVE)); /* beyond the region */
  SHOW(mremap(Q, Page, 1ul << 46, MREMAP_MAYMOVE));
}

static void testAdvice(void) {
  char *P = island(6);
  memset(P, 3, 6 * Page);
  SHOW(madvise(P + Page, 2 * Page, MADV_DONTNEED));
  VALUE(P[0] + 10 * P[Page] + 100 * P[2 * Page] + 1000 * P[3 * Page]);
  SHOW(madvise(P, 6 * Page, MADV_WILLNEED));
  SHOW(madvise(P, 6 * Page, MADV_SEQUENTIAL));
  SHOW(madvise(P, 6 * Page, MADV_DONTDUMP));
  SHOW(madvise(P, Page, MADV_FREE));
  SHOW(madvise(P + 1, Page, MADV_DONTNEED));
  SHOW(madvise(P, 0, MADV_DONTNEED));
  SHOW(madvise(P, Page, 12345));
  SHOW(madvise(P, 8 * Page, MADV_DONTNEED));
  VALUE(P[5 * Page]); /* done, all the same */
  SHOW(madvise(P + 6 * Page, Page, MADV_WILLNEED));
  char *S = mmap(0, Page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  S[0] = 4;
  SHOW(madvise(S, Page, MADV_DONTNEED));
  VALUE(S[0]); /* shared memory keeps it */
  SHOW(madvise(S, Page, MADV_FREE));
  unsigned char In[6];
  char *Q = island(6);
  Q[Page] = 1;
  Q[4 * Page] = 1;
  SHOW(mincore(Q, 6 * Page, In));
  VALUE(In[0] + 10 * In[1] + 100 * In[2] + 1000 * In[4]);
  SHOW(madvise(Q, 6 * Page, 23 /* MADV_POPULATE_WRITE */));
  SHOW(mincore(Q, 6 * Page - 1, In));
  VALUE(In[0] + In[1] + In[2] + In[3] + In[4] + In[5]);
  SHOW(mprotect(Q, Page, R));
  SHOW(madvise(Q, Page, 23));
  SHOW(mincore(Q + 1, Page, In));
  SHOW(mincore(Q, 7 * Page, In));
  SHOW(mincore(Q, Page, (unsigned char *)16));
  SHOW(msync(Q, Page, MS_SYNC));
  SHOW(msync(Q, Page, MS_SYNC | MS_ASYNC));
  SHOW(msync(Q, Page, 64));
  SHOW(msync(Q + 1, Page, MS_SYNC));
  SHOW(msync(Q, 7 * Page, MS_ASYNC));
  SHOW(mlock(Q + 1, Page));
  SHOW(mlock(Q, 7 * Page));
  SHOW(munlock(Q, Page));
  SHOW(munlock(Q + 6 * Page, Page));
  SHOW(mlock2(Q, Page, MLOCK_ONFAULT));
  SHOW(mlock2(Q, Page, 8));
  SHOW(mlockall(0));
  SHOW(munlockall());
}

static void testBreak(void) {
  char *Start = sbrk(0), *End = Start + 16 * Page;
  VALUE(syscall(SYS_brk, 0) == (long)Start);
  VALUE(syscall(SYS_brk, End) == (long)End);
  memset(Start, 6, 16 * Page);
  VALUE(syscall(SYS_brk, Start + 5) == (long)Start + 5);
  VALUE(syscall(SYS_brk, End + 5) == (long)End + 5);
  VALUE(Start[8 * Page] == 0 && End[4] == 0);
  VALUE(syscall(SYS_brk, -1ul) == (long)End + 5);
  VALUE(syscall(SYS_brk, 4096) == (long)End + 5);
  /* In the way of the heap. */
  char *Block = (char *)(((uintptr_t)End + 64 * Page) & -(uintptr_t)Page);
  VALUE(mmap(Block, Page, RW, Anonymous | MAP_FIXED_NOREPLACE, -1, 0) == Block);
  VALUE(syscall(SYS_brk, Block + 1) == (long)End + 5);
  VALUE(syscall(SYS_brk, Start) == (long)Start);
}

/* The kernel's own accesses meet the same limits. */
static void testKernelAccess(void) {
  char *P = island(3);
  mprotect(P + Page, Page, PROT_NONE);
  mprotect(P + 2 * Page, Page, R);
  SHOW(syscall(SYS_uname, P));
  SHOW(syscall(SYS_uname, P + Page));
  SHOW(syscall(SYS_uname, P + 2 * Page));
  SHOW(syscall(SYS_uname, P + Page - 8));
  SHOW(syscall(SYS_uname, P - Page));
  SHOW(syscall(SYS_uname, -1l));
  SHOW(syscall(SYS_uname, 1ul << 47));
}

int main(void) {
  struct sigaction Action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &Action, 0);
  sigaction(SIGBUS, &Action, 0);
  testBreak();
  testMap();
  testProtect();
  testRemap();
  testAdvice();
  testKernelAccess();
  return 0;
}
