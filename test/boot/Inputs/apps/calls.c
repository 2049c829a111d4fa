/* What it costs to ask the kernel for the thread's number: by a call, and by a
 * system call. In time-stamp counts, which are instructions under --icount; the
 * least of many, so that no interrupt is among them.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "app_api.h"

static unsigned long now(void) {
  unsigned low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (unsigned long)high << 32 | low;
}

static int call(void) { return gettid(); }
static int system_call(void) {
  long number = 186; /* gettid(2) */
  __asm__ volatile("syscall" : "+a"(number)::"rcx", "r11", "memory");
  return number;
}
static int nothing(void) { return 0; }

static unsigned long least(int (*volatile function)(void)) {
  unsigned long best = -1ul;
  for (int i = 0; i != 100; ++i) {
    unsigned long start = now();
    function();
    unsigned long count = now() - start;
    best = count < best ? count : best;
  }
  return best;
}

static void print(const char *text, unsigned long number) {
  char digits[20], *at = digits + sizeof(digits);
  *--at = '\n';
  do
    *--at = '0' + number % 10;
  while (number /= 10);
  write(1, text, strlen(text));
  write(1, at, digits + sizeof(digits) - at);
}

int main(void) {
  if (call() != system_call())
    return 1;
  unsigned long base = least(nothing);
  print("call: ", least(call) - base);
  print("system call: ", least(system_call) - base);
  return 0;
}
