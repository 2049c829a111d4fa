/* A program without a libc, whose TLS of SIZE bytes the kernel's loader lays out.
 * Looks after each of its system calls whether its variables are what it wrote.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
static __thread volatile long Mine[SIZE / sizeof(long)] = {1};

static long call(long Number, long A, const void *B, long C) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(Number), "D"(A), "S"(B), "d"(C)
                   : "rcx", "r11", "memory");
  return Result;
}

static void say(const char *Text) {
  long Size = 0;
  while (Text[Size])
    ++Size;
  call(1, 1, Text, Size);
}

void _start(void) {
  int Wrong = Mine[0] != 1;
  enum { COUNT = sizeof(Mine) / sizeof(Mine[0]) };
  for (int I = 0; I != COUNT; ++I)
    Mine[I] = 0x5e650000 + I;
  for (int Round = 0; Round != 100; ++Round) {
    call(110 /* getppid */, 0, 0, 0);
    for (int I = 0; I != COUNT; ++I)
      Wrong |= Mine[I] != 0x5e650000 + I;
  }
  say(Wrong ? "changed by the kernel\n" : "as written\n");
  call(231, Wrong, 0, 0);
}
