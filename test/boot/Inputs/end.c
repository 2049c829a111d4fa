/* end WAY [N]: ends in one of several ways.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int Argc, char **Argv) {
  const char *Way = Argc > 1 ? Argv[1] : "";
  int N = Argc > 2 ? atoi(Argv[2]) : 0;
  printf("end: %s\n", Way);
  fflush(stdout);
  if (!strcmp(Way, "return"))
    return N;
  if (!strcmp(Way, "_exit"))
    _exit(N);
  if (!strcmp(Way, "abort"))
    abort();
  if (!strcmp(Way, "null"))
    *(volatile int *)(long)N = 1;
  if (!strcmp(Way, "jump"))
    ((void (*)(void))(long)N)();
  if (!strcmp(Way, "noncanonical"))
    *(volatile int *)0x1234567812345678 = 1;
  if (!strcmp(Way, "illegal"))
    __builtin_trap();
  if (!strcmp(Way, "divide"))
    __asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx" ::
                         : "eax", "ecx", "edx");
  if (!strcmp(Way, "forever"))
    for (;;)
      __asm__ volatile("");
  return 99;
}
