/* clang-format off */
/* One entry for each vector, 16 bytes apart (processor.cpp): included by each file of
 * entries. RETURN_FAULT_ENTRY: where #NP, #SS and #GP go, which an iretq to the
 * program can raise.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
.macro VECTOR number
    .balign 16
    .if \number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \
        \number == 21 || \number == 29 || \number == 30
    .else
    pushq $0
    .endif
    pushq $\number
    .if \number == 2 || \number == 8 || \number == 18
    jmp paranoid_entry
    .elseif \number == 1
    jmp debug_entry
    .elseif \number >= 11 && \number <= 13
    jmp RETURN_FAULT_ENTRY
    .else
    jmp interrupt_entry
    .endif
.endm

    .altmacro
    .balign 16
    .globl RING(vectors)
RING(vectors):
    .set number, 0
    .rept 256
    VECTOR %number
    .set number, number + 1
    .endr
    .noaltmacro
RING(text_end):
