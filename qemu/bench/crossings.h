/* What crossings.c measures: the number in its marks, and its name in reports.
 * exact.py reads these lines.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define ID_NULL_CALL 1      /* null system call */
#define ID_WRITE_NULL 2     /* write to /dev/null */
#define ID_PAGE_FAULT 3     /* demand page fault */
#define ID_TICK_PROGRAM 4   /* timer interrupt into the program */
#define ID_TICK_IDLE 5      /* timer interrupt into the idle loop */
#define ID_FUTEX 6          /* futex ping-pong, round trip */
#define ID_YIELD_SAME_FS 7  /* yield to a thread with the same FS */
#define ID_YIELD_OTHER_FS 8 /* yield to a thread with another FS */
#define ID_THREAD_LIFE 9    /* clone + exit + join */
#define ID_CLONE 10         /* clone, in the parent */
#define ID_FIRST_CALL 11    /* first system call of a thread */
#define ID_SECOND_CALL 12   /* second system call of a thread */
#define ID_SIGNAL 13        /* signal delivery and return, with tgkill */
#define ID_SLEEP 14         /* nanosleep: to the idle loop and back */
#define ID_START 15         /* first switch to a new thread */
