/* A kernel that dies at once: without an IDT, its first exception is a triple fault.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
    .section .note.Xen, "a", @note      /* PVH entry, as QEMU's -kernel takes it */
    .long 4, 4, 18
    .asciz "Xen"
    .long _start

    .text
    .globl _start
_start:
    ud2
