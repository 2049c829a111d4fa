/* Between the host's side of libsecondlibc.so and its world. Pointers and
 * numbers only: neither side knows the other's types.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SECOND_H
#define SECOND_H

#define HIDDEN __attribute__((visibility("hidden")))

/* Real work with the second C library, for a call that was interposed. Returns
 * the number of errors found so far. */
HIDDEN long world_work(const char *what);

/* Into `text`: "work N threads N destructors N errors N". Returns its length.
 */
HIDDEN long world_report(char *text, unsigned long size);

#endif
