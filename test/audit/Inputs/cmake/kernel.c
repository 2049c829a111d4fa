// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((naked)) void switch_fs(unsigned long Base) {
  __asm__("wrfsbase %rdi\n\tret");
}
