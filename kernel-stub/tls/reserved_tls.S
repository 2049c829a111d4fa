/* Mode fs-reserved: the bytes right below the thread pointer that the kernel keeps
 * for a program's TLS. The linker puts them behind all variables of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef STUB_MODE_FS_RESERVED
    .section .tls_reserved, "awT", @nobits
    .balign 64
    .skip STUB_RESERVED
#endif
    .section .note.GNU-stack, "", @progbits
