// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int count(void);
int remember(int value);
void start(void) { remember(count()); }
