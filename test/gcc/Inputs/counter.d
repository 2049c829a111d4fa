// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
module counter;
int current;
extern (C) int count(int n) { return current += n; }
