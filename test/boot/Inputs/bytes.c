/* Writes every byte value, many times, to both streams.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

int main(void) {
  for (int I = 0; I != 256 * 100; ++I) {
    putchar(I & 255);
    putc(255 - (I & 255), stderr);
  }
  return 0;
}
