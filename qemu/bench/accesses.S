/* Accesses to thread-local and per-CPU variables: each function does ACCESSES of
 * one kind, as many times as its argument says.
 *
 * The instructions are those that compilers make for a long, at -O2; the accesses
 * of one function do not depend on each other, but for *_load_chain.
 *
 *   fs_*, gs_*  local-exec TLS in either segment
 *   percpu_*    as Linux's per-CPU macros have it: %gs:variable(%rip), GS_BASE
 *               being the distance to this CPU's copy, which is kept in one too
 *   call_*      general-dynamic TLS: a call of __tls_get_addr for each access
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "accesses.h"

/* name, and the instructions of one access */
#define FUNCTION(Name, ...)                                                    \
    .globl Name;                                                               \
    .type Name, @function;                                                     \
    .balign 64;                                                                \
Name:                                                                          \
    pushq %rbx;                                                                \
    movq %rdi, %rbx;                                                           \
    xorl %eax, %eax;                                                           \
    .balign 64;                                                                \
1:  .rept ACCESSES;                                                            \
    __VA_ARGS__;                                                               \
    .endr;                                                                     \
    decq %rbx;                                                                 \
    jnz 1b;                                                                    \
    popq %rbx;                                                                 \
    retq

    .text
#ifdef DYNAMIC
#define GET_ADDRESS                                                            \
    .byte 0x66;                                                                \
    leaq dynamic_variable@tlsgd(%rip), %rdi;                                   \
    .value 0x6666;                                                             \
    .byte 0x48;                                                                \
    callq __tls_get_addr@PLT
FUNCTION(call_load, GET_ADDRESS; movq (%rax), %rcx)
FUNCTION(call_store, GET_ADDRESS; movq $1, (%rax))
FUNCTION(call_modify, GET_ADDRESS; incq (%rax))
FUNCTION(call_address, GET_ADDRESS)

    .section .tbss, "awT", @nobits
    .balign 8
    .globl dynamic_variable
    .type dynamic_variable, @object
    .size dynamic_variable, 8
dynamic_variable:
    .skip 8
#else
#define SEGMENT(Seg)                                                           \
FUNCTION(Seg##_load, movq %Seg:variable@tpoff, %rcx);                          \
FUNCTION(Seg##_store, movq $1, %Seg:variable@tpoff);                           \
FUNCTION(Seg##_modify, incq %Seg:variable@tpoff);                              \
FUNCTION(Seg##_address, movq %Seg:0, %rcx; leaq variable@tpoff(%rcx), %rcx);   \
FUNCTION(Seg##_load_chain, movq %Seg:zero@tpoff(%rax), %rax)
SEGMENT(fs)
SEGMENT(gs)

FUNCTION(percpu_load, movq %gs:percpu_variable(%rip), %rcx)
FUNCTION(percpu_store, movq $1, %gs:percpu_variable(%rip))
FUNCTION(percpu_modify, incq %gs:percpu_variable(%rip))
FUNCTION(percpu_address, leaq percpu_variable(%rip), %rcx;
         addq %gs:percpu_offset(%rip), %rcx)

    .section .tbss, "awT", @nobits
    .balign 8
variable:
    .skip 8
zero:
    .skip 8
#endif

    .section .note.GNU-stack, "", @progbits
