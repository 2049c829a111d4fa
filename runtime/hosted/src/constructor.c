/* Starts the world when the object is loaded, ahead of the object's other
 * constructors, and ends it behind its other destructors. What went wrong is
 * told by segshift_enter.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/hosted.h"

extern SEGSHIFT_HIDDEN const struct segshift_world segshift_world;
extern char **environ;

__attribute__((constructor(101))) void segshift_world_construct(void) {
  segshift_world_init(&segshift_world, environ);
}

__attribute__((destructor(101))) static void destruct(void) {
  segshift_world_end();
}
