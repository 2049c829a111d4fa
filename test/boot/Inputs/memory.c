/* The memory system calls, and hostile arguments of others. Exit status 0 if all
 * is as on Linux; else the line that is not is on standard output.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(Condition)                                                       \
  do {                                                                         \
    if (!(Condition)) {                                                        \
      printf("line %d: %s (errno %d)\n", __LINE__, #Condition, errno);         \
      return 1;                                                                \
    }                                                                          \
  } while (0)
#define FAILS(Call, Number) CHECK((Call) == -1 && errno == (Number))

enum { Page = 4096, RW = PROT_READ | PROT_WRITE };
enum { Anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

static char *map(size_t Size, int Protection) {
  return mmap(0, Size, Protection, Anonymous, -1, 0);
}

int main(void) {
  /* The kernel must not be read or written on a program's behalf. */
  FAILS(write(1, (void *)0xffffffff80100000, 8), EFAULT);
  FAILS(write(1, (void *)0xffff800000000000, 8), EFAULT);
  FAILS(write(1, (void *)0x800000000000, 8), EFAULT);
  FAILS(write(1, (void *)0x7fffffffeffc, 8), EFAULT);
  FAILS(syscall(SYS_uname, 0xffffffff80100000), EFAULT);
  FAILS(syscall(SYS_uname, 0), EFAULT);
  FAILS(syscall(SYS_uname, "read-only"), EFAULT);
  FAILS(syscall(9999), ENOSYS);
  FAILS(syscall(~0l), ENOSYS);

  /* Ranges far larger than memory cost nothing until they are touched. */
  FAILS((long)mmap(0, 1ul << 60, RW, Anonymous, -1, 0), ENOMEM);
  FAILS((long)mmap(0, 0, RW, Anonymous, -1, 0), EINVAL);
  char *P = map(1ul << 40, RW);
  CHECK(P != MAP_FAILED);
  P[1ul << 39] = 1;
  P[0] = 2;
  CHECK(P[(1ul << 39) + 1] == 0);
  CHECK(munmap(P + Page, 1ul << 39) == 0);
  CHECK(write(-1, P, 1) == -1 && errno == EBADF);
  FAILS(write(2, P + Page, 1), EFAULT);

  /* Protection: what a page holds survives PROT_NONE. */
  CHECK(mprotect(P, Page, PROT_NONE) == 0);
  FAILS(syscall(SYS_uname, P), EFAULT);
  CHECK(mprotect(P, Page, PROT_READ) == 0);
  CHECK(P[0] == 2);
  FAILS(syscall(SYS_uname, P), EFAULT);
  CHECK(mprotect(P, Page, RW) == 0);
  P[1] = 3;
  FAILS(mprotect(P, 2 * Page, RW), ENOMEM);
  FAILS(mprotect(P + 1, Page, RW), EINVAL);

  /* Fixed addresses replace; the other kind does not. */
  char *Q = map(4 * Page, RW);
  memset(Q, 7, 4 * Page);
  CHECK(mmap(Q + Page, Page, RW, Anonymous | MAP_FIXED, -1, 0) == Q + Page);
  CHECK(Q[Page - 1] == 7 && Q[Page] == 0 && Q[2 * Page] == 7);
  FAILS((long)mmap(Q, Page, RW, Anonymous | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
  CHECK(mmap(Q, Page, RW, Anonymous, -1, 0) != Q);
  CHECK(madvise(Q, Page, MADV_DONTNEED) == 0 && Q[0] == 0 && Q[2 * Page] == 7);

  /* The heap. */
  char *Old = sbrk(0);
  CHECK(sbrk(10 * Page) == Old);
  memset(Old, 5, 10 * Page);
  CHECK(sbrk(-10 * Page) == Old + 10 * Page);
  CHECK(sbrk(10 * Page) == Old);
  /* The page that Old lies in was kept; the whole ones are new. */
  CHECK(Old[5 * Page] == 0);

  char *M = malloc(50 << 20);
  CHECK(M);
  memset(M, 1, 50 << 20);
  free(M);
  return 0;
}
