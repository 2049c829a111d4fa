/* The entries for programs in ring 0, with the kernel's TLS closed to their stores
 * (tls_guard.h).
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef MODE_HAS_TLS_GUARD
#include "entry/entry_table.S"
#else
    .section .note.GNU-stack, "", @progbits
#endif
