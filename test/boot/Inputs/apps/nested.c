/* Nested functions, in the first thread and in another: trampolines on their
 * stacks. Ends with 42 + 42 - 40.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "app_api.h"

__attribute__((noinline)) static long apply(long (*function)(long),
                                            long value) {
  return function(value);
}

static void *run(void *argument) {
  long add(long value) { return value + (long)argument; }
  return (void *)apply(add, 40);
}

int main(void) {
  unsigned long thread;
  void *result = 0;
  if (pthread_create(&thread, 0, run, (void *)2) ||
      pthread_join(thread, &result))
    return 1;
  return (int)((long)run((void *)2) + (long)result) - 40;
}
