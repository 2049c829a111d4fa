/* The call tests' boundary without a second world: the host's own C library.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "calls.h"

long step(void) { return world_step(); }

long step_back(long (*callback)(void *), void *argument) {
  return world_step_back(callback, argument);
}

long allocated(void) { return world_allocated(); }
long blocks(void) { return 0; }
