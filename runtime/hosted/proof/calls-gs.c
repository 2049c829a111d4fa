/* The call tests' boundary for a world on GS.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "calls.h"
#include "segshift/hosted.h"

long step(void) {
  int error = segshift_enter();
  return error ? error : world_step();
}

long step_back(long (*callback)(void *), void *argument) {
  int error = segshift_enter();
  return error ? error : world_step_back(callback, argument);
}

long allocated(void) {
  int error = segshift_enter();
  return error ? error : world_allocated();
}

long blocks(void) { return (long)segshift_world_threads(); }
