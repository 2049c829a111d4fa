/* An ordinary Linux program with four thread-local variables. It knows nothing
 * of segshift, and prints what it finds in them: at its start, and after it has
 * used them over some system calls. One line for each:
 *
 *   moment|variable|what it should hold|what it holds
 *
 * Linked statically, so that the variables lie at fixed offsets below the
 * thread pointer (local-exec TLS).
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* volatile: read and written where it says so. */
static volatile __thread long answer = 42;
static volatile __thread long limit = 1000000;
static volatile __thread long zero;
static volatile __thread long calls;

static void line(const char *moment, const char *name, long expected,
                 long found) {
  printf("%s|%s|%ld|%ld\n", moment, name, expected, found);
}

int main(void) {
  long a = answer, l = limit, z = zero, c = calls;
  line("at start", "answer", 42, a);
  line("at start", "limit", 1000000, l);
  line("at start", "zero", 0, z);
  line("at start", "calls", 0, c);
  fflush(stdout);

  answer = 42;
  limit = 1000000;
  zero = 0;
  calls = 0;
  for (int i = 0; i < 100; ++i) {
    syscall(SYS_getpid);
    calls = calls + 1;
  }
  a = answer, l = limit, z = zero, c = calls;
  line("after 100 system calls", "answer", 42, a);
  line("after 100 system calls", "limit", 1000000, l);
  line("after 100 system calls", "zero", 0, z);
  line("after 100 system calls", "calls", 100, c);
  return 0;
}
