/* With one of each thing that test/boot/Inputs/modules/bad.py spoils.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "app_api.h"

static int (*const functions[])(void) = {sched_yield};
__attribute__((constructor)) static void construct(void) { functions[0](); }
int main(void) { return errno || gettid == getpid; }
