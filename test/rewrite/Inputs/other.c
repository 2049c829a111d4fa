// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int elsewhere = 4;
int bump(void) { return ++elsewhere; }
