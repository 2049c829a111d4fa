/* The other translation unit of the behaviour tests.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "program.h"
__thread int other_def = 41;
__thread long other_zero[16];
__thread struct pair other_pair = {3, -4};
static __thread int count;
int other_bump(void) { return ++count + other_def; }
int *other_address(void) { return &other_def; }
