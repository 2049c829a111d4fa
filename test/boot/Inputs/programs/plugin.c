/* A library for dlopen with thread-locals. SIZE: of the data, in bytes.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <stddef.h>
#ifndef SIZE
#define SIZE 64
#endif
#ifndef ALIGN
#define ALIGN 16
#endif
static __thread unsigned char data[SIZE] __attribute__((aligned(ALIGN))) = {1, 2, 3};
__thread int plugin_number = 5;

/* 1 if this thread's data are as they were at first, 2 if they are what fill(Value)
   made of them, else 0. */
int plugin_state(int Value) {
  if ((size_t)data % ALIGN)
    return 0;
  int fresh = data[0] == 1 && data[1] == 2 && data[2] == 3 && plugin_number == 5;
  int filled = plugin_number == Value;
  for (size_t i = 0; i != SIZE; ++i) {
    if (i > 2)
      fresh &= data[i] == 0;
    filled &= data[i] == (unsigned char)Value;
  }
  return fresh ? 1 : filled ? 2 : 0;
}

void plugin_fill(int Value) {
  for (size_t i = 0; i != SIZE; ++i)
    data[i] = (unsigned char)Value;
  plugin_number = Value;
}
