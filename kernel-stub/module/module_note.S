/* The note of docs/abi.md, for modules that segshift rewrite moves to GS after their
 * link: it adds the note to relocatable objects only. To be linked into nothing else:
 * with the note and without the rewrite, a module's TLS would be in the application's.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/abi.h"

        .section SEGSHIFT_NOTE_SECTION, "a", @note
        .balign 4
        .long   2f - 1f
        .long   8
        .long   SEGSHIFT_NOTE_TYPE
1:      .asciz  SEGSHIFT_NOTE_NAME
2:      .balign 4
        .long   SEGSHIFT_ABI_VERSION
        .long   SEGSHIFT_MADE_BY_REWRITER
        .section .note.GNU-stack, "", @progbits
