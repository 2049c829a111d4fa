/* The boundary's side of that table.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "second.h"
#include "segshift/hosted.h"

long world_work(const char *what) {
  return ((long (*)(const char *))segshift_world_functions[0])(what);
}

long world_report(char *text, unsigned long size) {
  return ((long (*)(char *, unsigned long))segshift_world_functions[1])(text,
                                                                        size);
}
