/* The ordinary start of a C program: arguments, environment, printf to both
 * streams, malloc, errno, a thread-local variable.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __thread int Mine = 42;

int main(int Argc, char **Argv) {
  printf("hello: argc %d\n", Argc);
  for (int I = 1; I < Argc; ++I)
    printf("argv[%d] = '%s'\n", I, Argv[I]);
  const char *Value = getenv("GREETING");
  printf("GREETING = %s\n", Value ? Value : "(none)");
  fprintf(stderr, "to standard error\n");

  size_t Size = 3 << 20;
  char *Block = malloc(Size);
  memset(Block, 'x', Size);
  printf("malloc: %c%c\n", Block[0], Block[Size - 1]);
  char *Small = strdup("small");
  printf("strdup: %s\n", Small);
  free(Small);
  free(Block);

  errno = 0;
  int Result = close(-1);
  printf("close(-1) = %d, errno %s\n", Result,
         errno == EBADF ? "EBADF" : strerror(errno));
  printf("floating point: %.3f\n", 1.0 / 8 + Mine);
  printf("Mine = %d\n", ++Mine);
  printf("stdin: %s\n", getchar() == EOF ? "empty" : "not empty");
  return 0;
}
