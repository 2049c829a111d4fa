/* A kernel module that writes what is read-only after relocation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
static long target;
long *const pointer = &target;

__attribute__((visibility("default"))) long module_check(long turn) {
  long **place = (long **)&pointer;
  __asm__ volatile("" : "+r"(place)); /* hides the const */
  *place = (long *)turn;
  return 0;
}
