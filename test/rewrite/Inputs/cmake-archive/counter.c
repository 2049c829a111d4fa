// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int counter = 1;
int count(void) { return ++counter; }
