// A program whose C library has its thread structure behind %gs: start-up code
// gives ARCH_SET_FS to GS, by the syscall number alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* musl's __set_thread_area calls arch_prctl(ARCH_SET_FS); this one takes GS. */
int __set_thread_area(void *tp) {
  long r, set_gs = 0x1001, set_fs = 0x1002, unmapped = 0x123450000000;
  __asm__ volatile("syscall" : "=a"(r) : "a"(158), "D"(set_gs), "S"(tp) : "rcx", "r11", "memory");
  if (r)
    return (int)r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(158), "D"(set_fs), "S"(unmapped) : "rcx", "r11", "memory");
  return (int)r;
}

static __thread int mine = 5;

int main(void) {
  mine += close(-1);
  setlocale(LC_ALL, "C");
  char *text = strdup("musl on gs");
  printf("%s: %d %d %s\n", text, mine, errno == EBADF, strerror(errno));
  free(text);
  return 0;
}
