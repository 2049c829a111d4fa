/* Where kernel TLS lives: all that differs between the modes of the stub. The
 * C++ sources use __thread and thread_local; in mode gs the compiler plugin
 * puts them behind %gs, without it they stay behind %fs.
 *
 *   gs         GS_BASE is the kernel's thread pointer. FS is the program's
 *              alone: the kernel sets it when asked, saves and loads it at
 *              thread switches, and never reads memory through it.
 *   fs-shared  There is one FS. The kernel's block lies right below wherever it
 *              points, so when a program sets FS, the kernel's thread-locals
 *              must go along, into the program's own block: same offsets, same
 *              bytes. This is the collision that mode gs does away with.
 *
 * Safe to include from assembly.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_MODE_H
#define STUB_MODE_H

#if defined(STUB_MODE_GS)
#define MODE_NAME "gs"
#elif defined(STUB_MODE_FS_SHARED)
#define MODE_NAME "fs-shared"
#define SEGSHIFT_KERNEL_TLS_FS
#else
#error "no TLS mode: see add_stub() in CMakeLists.txt"
#endif

#include "segshift/entry.h"

/* The kernel's slots in the TCB: the two of segshift/entry.h. */
#define TCB_SLOTS_SIZE 0x10

#endif
