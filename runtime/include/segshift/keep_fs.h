/* Functions that mean FS.
 *
 * SEGSHIFT_KEEPS_FS before a function: its thread-local accesses stay in FS,
 * and reach the application's variables. The plugins of Clang and GCC read it.
 * Without a plugin nothing moves; the function is not inlined all the same, so
 * that `segshift rewrite --keep-fs=FUNCTION` finds all of its code.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_KEEP_FS_H
#define SEGSHIFT_KEEP_FS_H

#if defined(__clang__)
#define SEGSHIFT_KEEPS_FS                                                      \
  __attribute__((annotate("segshift.keep-fs"), noinline))
#elif defined(__has_attribute)
#if __has_attribute(segshift_keep_fs)
#define SEGSHIFT_KEEPS_FS __attribute__((segshift_keep_fs, noinline))
#endif
#endif

#ifndef SEGSHIFT_KEEPS_FS
#define SEGSHIFT_KEEPS_FS __attribute__((noinline))
#endif

#endif
