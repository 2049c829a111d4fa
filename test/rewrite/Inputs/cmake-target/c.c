// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int counter;
int next(void) { return ++counter; }
