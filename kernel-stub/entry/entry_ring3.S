/* The entries for programs in ring 3, in the modes that have it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef MODE_HAS_RING3
#include "entry/entry_table.S"
#else
    .section .note.GNU-stack, "", @progbits
#endif
