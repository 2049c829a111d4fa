/* The host's side of worlds whose functions are all of one type, in a table.
 *
 *   -DBY_NAME   the table is linked with it (link-world.sh); else it is that of
 * a world that is a program (link-program.sh)
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/hosted.h"

#ifdef BY_NAME
extern SEGSHIFT_HIDDEN const void *const world_functions[];
#else
#define world_functions segshift_world_functions
#endif
#define EXPORT __attribute__((visibility("default")))

EXPORT long call_world(int which, long argument) {
  int error = segshift_enter();
  return error ? error : ((long (*)(long))world_functions[which])(argument);
}

EXPORT unsigned long world_blocks(void) { return segshift_world_threads(); }
