/* A program without a libc, and so without anyone to set up its TLS but the
 * kernel's loader. Exit status: how many of its values are wrong, at the start
 * plus 16 for each that is wrong after a system call.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
static volatile __thread int One = 42;
static volatile __thread long Eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static volatile __thread char Zero[16];

static long call(long Number, long Argument) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(Number), "D"(Argument)
                   : "rcx", "r11", "memory");
  return Result;
}

static int wrong(void) {
  int N = One != 42;
  for (int I = 0; I != 8; ++I)
    N += Eight[I] != I + 1;
  for (int I = 0; I != 16; ++I)
    N += Zero[I] != 0;
  return N;
}

__attribute__((force_align_arg_pointer)) void _start(void) {
  int AtStart = wrong();
  call(39 /* getpid */, 0);
  int After = wrong() != 0;
  call(231 /* exit_group */, AtStart + 16 * After);
}
