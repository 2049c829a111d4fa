/* Ends with status 0.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
void _start(void) {
  __asm__ volatile("movl $231, %eax\n\txorl %edi, %edi\n\tsyscall");
}
