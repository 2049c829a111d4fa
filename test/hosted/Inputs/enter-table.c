/* The boundary's side of that table.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <segshift/hosted.h>

#define AT(number, type, name, parameters, arguments)                          \
  SEGSHIFT_HIDDEN type world_##name parameters {                               \
    return ((type(*) parameters)segshift_world_functions[number])arguments;    \
  }

AT(0, long, count, (void), ())
AT(1, void *, address, (void), ())
AT(2, long, thread_number, (void), ())
AT(3, long, call, (long (*function)(long), long argument), (function, argument))
AT(4, long, processes, (void), ())
