/* Writes GS itself, to the address given, and then makes a system call.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static long Own[64];
  unsigned long Base = strtoul(argv[1], 0, 0);
  if (Base == 1) // memory that can be read and written
    Base = (unsigned long)Own;
  asm volatile("wrgsbase %0" : : "r"(Base));
  return getppid() < 0;
}
