/* Thread-local variables of SIZE bytes, initialised and zeroed, ALIGN aligned:
 * checked at start, then changed, checked again after system calls and page
 * faults. Exit status 0, or 1 with what was wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef ALIGN
#define ALIGN 4
#endif
#define WORDS (SIZE / 4)
#define INITIAL 0x51ab1e00u

static _Alignas(ALIGN) __thread volatile uint32_t Data[WORDS] = {
    [0 ... WORDS - 1] = INITIAL};
static _Alignas(ALIGN) __thread volatile uint32_t Zero[WORDS];

static int Failures;

static void expect(const char *When, const char *Name, volatile uint32_t *Array,
                   uint32_t First, uint32_t Step) {
  for (uint32_t I = 0; I != WORDS; ++I)
    if (Array[I] != First + I * Step) {
      printf("%s: %s[%u] is %#x, not %#x\n", When, Name, I, Array[I],
             First + I * Step);
      Failures = 1;
      return;
    }
}

int main(void) {
  if ((uintptr_t)Data % ALIGN || (uintptr_t)Zero % ALIGN) {
    printf("not aligned to %d: %p %p\n", ALIGN, (void *)Data, (void *)Zero);
    Failures = 1;
  }
  expect("at start", "Data", Data, INITIAL, 0);
  expect("at start", "Zero", Zero, 0, 0);
  for (uint32_t I = 0; I != WORDS; ++I) {
    Data[I] = 7 + I;
    Zero[I] = 9 + I * 3;
  }
  for (int I = 0; I != 100; ++I) {
    getppid();
    volatile char *Page =
        malloc(200000); /* new pages: system calls and faults */
    for (int P = 0; P < 200000; P += 4096)
      Page[P] = 1;
    free((void *)Page);
  }
  expect("at the end", "Data", Data, 7, 1);
  expect("at the end", "Zero", Zero, 9, 3);
  printf("tls %d %d %s\n", SIZE, ALIGN, Failures ? "wrong" : "right");
  return Failures;
}
