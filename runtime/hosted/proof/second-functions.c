/* The functions of the second world for a boundary that calls through a table.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "second.h"

const void *const world_functions[] = {(const void *)world_work,
                                       (const void *)world_report};
