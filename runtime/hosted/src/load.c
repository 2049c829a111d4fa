/* Starts a world that is a program, which link-program.sh has put into the
 * object, when the object is loaded; ends it behind its other destructors.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/hosted.h"

extern SEGSHIFT_HIDDEN const char segshift_image[], segshift_image_end[];
extern char **environ;

const void *const *segshift_world_functions;

__attribute__((constructor(101))) void segshift_world_construct_program(void) {
  segshift_world_load(segshift_image,
                      (size_t)(segshift_image_end - segshift_image), environ,
                      &segshift_world_functions);
}

__attribute__((destructor(101))) static void destruct(void) {
  segshift_world_end();
}
