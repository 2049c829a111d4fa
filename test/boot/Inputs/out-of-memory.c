/* out-of-memory KIND: asks for more than there is.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { Page = 4096, MiB = 1 << 20 };
enum { Anonymous = MAP_PRIVATE | MAP_ANONYMOUS };

static char *reserve(size_t Size) {
  char *P = mmap(0, Size, PROT_READ | PROT_WRITE, Anonymous | MAP_NORESERVE, -1, 0);
  if (P == MAP_FAILED)
    exit(3);
  return P;
}

static pthread_barrier_t Barrier;
static void *sleeper(void *Argument) {
  pthread_barrier_wait(&Barrier);
  return Argument;
}

/* Memory that is touched as it comes: NULL, in the end. */
static int allocate(void) {
  int N = 0;
  char *P;
  for (; (P = malloc(MiB)); ++N)
    memset(P, 1, MiB);
  printf("malloc: %s after some MiB: %s\n", strerrorname_np(errno),
         N > 4 ? "yes" : "no");
  return 0;
}

static int one(void) {
  void *P = mmap(0, 1ul << 30, PROT_READ | PROT_WRITE, Anonymous, -1, 0);
  printf("mmap of 1 GiB: %s\n", P == MAP_FAILED ? strerrorname_np(errno) : "ok");
  P = mmap(0, 1ul << 30, PROT_NONE, Anonymous, -1, 0);
  printf("mprotect of 1 GiB: %s\n",
         mprotect(P, 1ul << 30, PROT_READ | PROT_WRITE) ? strerrorname_np(errno)
                                                        : "ok");
  char *End = sbrk(0);
  printf("brk of 1 GiB: %s\n", syscall(SYS_brk, End + (1ul << 30)) == (long)End
                                   ? "refused"
                                   : "ok");
  return 0;
}

/* Memory without a promise: killed. */
static int touch(void) {
  char *P = reserve(1ul << 30);
  for (size_t I = 0; I < 1ul << 30; I += Page)
    P[I] = 1;
  return 0;
}

/* The same by the kernel's hand. */
static int kernel(void) {
  char *P = reserve(1ul << 30);
  int Zero = open("/dev/zero", O_RDONLY);
  for (size_t I = 0; I < 1ul << 30; I += MiB)
    if (read(Zero, P + I, MiB) < 0)
      return 4; /* not reached: the call is the last one */
  return 0;
}

static int regions(void) {
  char *P = reserve(1ul << 30);
  long N = 0;
  while (N < 1 << 17 && !mprotect(P + 2 * N * Page, Page, PROT_READ))
    ++N;
  printf("regions: %s after some: %s\n", strerrorname_np(errno),
         N > 1000 ? "yes" : "no");
  return munmap(P, 1ul << 30) ? 5 : 0;
}

static int threads(void) {
  pthread_t T;
  pthread_attr_t Attributes;
  pthread_attr_init(&Attributes);
  pthread_attr_setstacksize(&Attributes, 64 << 10);
  pthread_barrier_init(&Barrier, 0, 1 << 30);
  int N = 0, Error;
  while (!(Error = pthread_create(&T, &Attributes, sleeper, 0)))
    ++N;
  printf("threads: %s after some: %s\n", strerrorname_np(Error),
         N > 20 ? "yes" : "no");
  return 0;
}

static int files(void) {
  static char Block[MiB];
  int File = open("/tmp/large", O_RDWR | O_CREAT, 0600);
  int N = 0;
  while (write(File, Block, sizeof(Block)) > 0)
    ++N;
  printf("file: %s after some MiB: %s\n", strerrorname_np(errno),
         N > 4 ? "yes" : "no");
  return unlink("/tmp/large") ? 5 : 0;
}

static int pipes(void) {
  int Ends[2], N = 0;
  static char Block[65536];
  while (!pipe2(Ends, O_NONBLOCK) && write(Ends[1], Block, sizeof(Block)) > 0)
    ++N;
  printf("pipes: %s after some: %s\n", strerrorname_np(errno),
         N > 20 ? "yes" : "no");
  return 0;
}

int main(int argc, char **argv) {
  static const struct {
    const char *Name;
    int (*Run)(void);
  } Kinds[] = {{"malloc", allocate}, {"one", one},         {"touch", touch},
               {"kernel", kernel},   {"regions", regions}, {"threads", threads},
               {"files", files},     {"pipes", pipes}};
  for (unsigned I = 0; I != sizeof(Kinds) / sizeof(*Kinds); ++I)
    if (argc == 2 && !strcmp(argv[1], Kinds[I].Name))
      return Kinds[I].Run();
  return 2;
}
