/* The host's side of enter.c's object.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <segshift/hosted.h>
#include <segshift/pages.h>

#define EXPORT __attribute__((visibility("default")))
#define WORLD(type, name, parameters, arguments)                               \
  SEGSHIFT_HIDDEN type world_##name parameters;                                \
  EXPORT type name parameters {                                                \
    long error = segshift_enter();                                             \
    return error ? (type)error : world_##name arguments;                       \
  }

WORLD(long, count, (void), ())
WORLD(void *, address, (void), ())
WORLD(long, thread_number, (void), ())
WORLD(long, call, (long (*function)(long), long argument), (function, argument))
WORLD(long, processes, (void), ())
EXPORT unsigned long blocks_in_use(void) { return segshift_world_threads(); }
EXPORT unsigned long blocks_ever(void) { return segshift_world_blocks(); }
EXPORT int block_pages(unsigned long span[2]) {
  struct segshift_tls_pages pages;
  int error = segshift_world_pages(&pages);
  if (!error) {
    span[0] = pages.block;
    span[1] = pages.block_end;
  }
  return error;
}
