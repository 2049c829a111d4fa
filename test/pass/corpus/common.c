// Tentative definitions (-fcommon) and aliases.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FLAGS: -fcommon
__thread int tentative;
__thread int tentative;
__thread long tentative_array[8];
int ordinary_common;

int get(void) { return tentative + ordinary_common; }
void set(int i, long v) { tentative_array[i] = v; tentative++; }
long *addr(void) { return &tentative_array[3]; }
