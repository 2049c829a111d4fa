/* Marks in measured code: an instruction that does nothing, and by which the
 * counting plugin (count.c) finds where a crossing begins and ends.
 *
 * nopl 0x5e67ooii(%rax): oo what is marked, ii what is measured.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_BENCH_MARKS_H
#define SEGSHIFT_BENCH_MARKS_H

#define MARK_MAGIC 0x5e67
#define MARK_BEGIN 1
#define MARK_END 2
/* Events are only written between these two. */
#define MARK_START 3
#define MARK_STOP 4

#define MARK_STRING_(X) #X
#define MARK_STRING(X) MARK_STRING_(X)
/* Within an inline assembly statement. */
#define MARK_TEXT(What, Id)                                                    \
  "nopl (" MARK_STRING(MARK_MAGIC) " << 16 | " MARK_STRING(                    \
      What) " << 8 | " MARK_STRING(Id) ")(%%rax)\n\t"
#define MARK(What, Id) __asm__ volatile(MARK_TEXT(What, Id) : : : "memory")

#endif
