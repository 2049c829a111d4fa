/* clang-format off */
/* Kernel entry and exit: the saved frame, and macros for assembly (.S files,
 * through the C preprocessor). From C and C++ this header gives the frame.
 *
 * Define before including, the same in all files of a kernel:
 *   SEGSHIFT_APP_RING         0 (default) or 3: where applications run
 *   SEGSHIFT_KERNEL_TLS_FS    the kernel's TLS is behind fs; see abi.h
 *   SEGSHIFT_DEBUG            each entry checks the thread pointer
 *   SEGSHIFT_SLOT_SYSCALL_STACK, SEGSHIFT_SLOT_SAVED_RSP, SEGSHIFT_SLOT_SEG
 *                             other slots than 0x80 and 0x88 from tp
 *   SEGSHIFT_TP_SWITCHED      tp is loaded by the kernel's own code after each
 *                             entry and unloaded ahead of each exit, in ring 0
 *                             too: for comparison with kernels that do that
 *
 * The invariant. "tp" is the running thread's thread pointer, held in GS_BASE
 * (in FS_BASE with SEGSHIFT_KERNEL_TLS_FS).
 *
 *   Where                              tp is      rsp is       usable
 *   application, ring 0                loaded     application  -
 *   application, ring 3                in KERNEL_ application  -
 *                                      GS_BASE
 *   at a handler's first instruction   as above   CPU's frame  push
 *     at the SYSCALL entry point       as above   application  nothing: not even
 *                                                              push (red zone)
 *   after SEGSHIFT_ENTER_*             loaded     the frame,   all registers, C,
 *                                                 16-aligned   TLS, canary
 *   before SEGSHIFT_LEAVE_*            loaded     the frame    all registers
 *   between LEAVE and the application  not to be used, nor are TLS and stack
 *
 *  1. From the first SEGSHIFT_LOAD_BOOT_TP on, tp is valid wherever C runs. Only
 *     segshift_set_tp and these macros write its base, and no code loads the GS
 *     selector: mov to %gs zeroes the base (Intel SDM volume 3, 3.4.4).
 *  2. With applications in ring 0, GS is the kernel's alone: no entry touches
 *     it, and it is the same before, in, and after every entry. FS is the
 *     application's alone: no entry touches it either.
 *  3. With applications in ring 3, swapgs is done once at each entry from ring 3
 *     (CS tells) and once at each exit to it, with interrupts off from the test
 *     of CS to iretq. Between SYSCALL and swapgs, and between swapgs and iretq,
 *     the CPU is in ring 0 with the application's GS. Vectors that can arrive
 *     there use the PARANOID macros and a stack of their own (IST): NMI, #DB,
 *     #MC, #DF. #GP, #SS and #NP can be raised by iretq itself, after the exit's
 *     swapgs: those three do swapgs once more if rip is that of iretq, ahead of
 *     SEGSHIFT_ENTER_TRAP, or are paranoid as well.
 *  4. A paranoid entry asks neither CS nor the sign of GS_BASE: an application
 *     that may wrgsbase can hold any value there. It saves whatever GS_BASE is,
 *     loads tp from where the kernel says, and puts the old base back at exit.
 *  5. Nothing here saves x87, SSE or AVX state: the kernel is compiled with
 *     -mgeneral-regs-only, or saves it itself.
 *  6. Nor do the macros change page tables or do clac: a kernel with SMAP, or
 *     with page tables of its own, adds that around them.
 *  7. An interrupted application in ring 0 uses the 128 bytes below its rsp: its
 *     vectors need an IST stack too. SYSCALL pushes nothing, and needs none.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_ENTRY_H
#define SEGSHIFT_ENTRY_H

#include "segshift/abi.h"

#ifndef SEGSHIFT_APP_RING
#define SEGSHIFT_APP_RING 0
#endif

/* Kernel slots that the system-call macros use: the top of the thread's kernel
 * stack (16-aligned; the kernel sets it), and scratch space. */
#ifndef SEGSHIFT_SLOT_SYSCALL_STACK
#define SEGSHIFT_SLOT_SYSCALL_STACK 0x80
#endif
#ifndef SEGSHIFT_SLOT_SAVED_RSP
#define SEGSHIFT_SLOT_SAVED_RSP 0x88
#endif
#ifndef SEGSHIFT_SLOT_SEG
#define SEGSHIFT_SLOT_SEG SEGSHIFT_SEG
#endif

/* The frame, from rsp after SEGSHIFT_ENTER_*, one for all kinds of entry.
 *
 *   +0xb0  (the stack before the entry, or the IST stack's top)
 *   +0xa8  ss      \
 *   +0xa0  rsp      | pushed by the CPU at an interrupt or exception,
 *   +0x98  rflags   | by SEGSHIFT_ENTER_SYSCALL at a system call
 *   +0x90  cs       |
 *   +0x88  rip     /
 *   +0x80  error     the CPU's error code, or 0; the number of a system call
 *   +0x78  vector    0 to 255, or SEGSHIFT_VECTOR_SYSCALL
 *   +0x70  rax
 *   +0x68  rcx
 *   +0x60  rdx
 *   +0x58  rsi
 *   +0x50  rdi
 *   +0x48  r8
 *   +0x40  r9
 *   +0x38  r10
 *   +0x30  r11
 *   +0x28  rbx
 *   +0x20  rbp
 *   +0x18  r12
 *   +0x10  r13
 *   +0x08  r14
 *   +0x00  r15
 */
#define SEGSHIFT_FRAME_R11 0x30
#define SEGSHIFT_FRAME_RCX 0x68
#define SEGSHIFT_FRAME_RAX 0x70
#define SEGSHIFT_FRAME_VECTOR 0x78
#define SEGSHIFT_FRAME_ERROR 0x80
#define SEGSHIFT_FRAME_RIP 0x88
#define SEGSHIFT_FRAME_CS 0x90
#define SEGSHIFT_FRAME_RFLAGS 0x98
#define SEGSHIFT_FRAME_RSP 0xa0
#define SEGSHIFT_FRAME_SS 0xa8
#define SEGSHIFT_FRAME_SIZE 0xb0

#define SEGSHIFT_VECTOR_SYSCALL 256

/* What IA32_FMASK must clear at least: TF, IF, DF, IOPL, NT, AC. NT is the one
 * that is forgotten: iretq with it raises #GP, and any program can set it. RF need
 * not be there, as SYSCALL itself leaves it clear, like each instruction. */
#define SEGSHIFT_SFMASK 0x47700

#ifndef __ASSEMBLER__

#include <stdint.h>

struct segshift_frame {
  uint64_t r15, r14, r13, r12, rbp, rbx;
  uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
  uint64_t vector, error;
  uint64_t rip, cs, rflags, rsp, ss;
};

#else

/* --- Boot ---------------------------------------------------------------- */

/* Defines a static TCB with `kernel_size` bytes of slots, for a CPU to run on
 * until its first thread has a block. It has room for the canary and the slots,
 * not for TLS variables: C code that runs on it must not use any. */
.macro SEGSHIFT_BOOT_TCB name, canary, kernel_size
        .pushsection .data
        .balign SEGSHIFT_TLS_MIN_ALIGN
        .globl  \name
        .hidden \name
        .type   \name, @object
\name:
        .skip   SEGSHIFT_TCB_CANARY
        .quad   \canary
        .skip   SEGSHIFT_TCB_KERNEL - SEGSHIFT_TCB_CANARY - 8
        .if     \kernel_size            /* GNU as warns of .skip 0 */
        .skip   \kernel_size
        .endif
        .size   \name, . - \name
        .popsection
.endm

/* tp := rax. Clobbers rcx, rdx. By MSR: usable before anything is known of the
 * CPU. Another processor's first tp is loaded by this, ahead of its first C
 * function; the boot processor prepares the block. */
.macro SEGSHIFT_WRITE_TP
#ifdef SEGSHIFT_KERNEL_TLS_FS
        movl    $SEGSHIFT_MSR_FS_BASE, %ecx
#else
        movl    $SEGSHIFT_MSR_GS_BASE, %ecx
#endif
        movq    %rax, %rdx
        shrq    $32, %rdx
        wrmsr
.endm

/* tp := a static TCB of SEGSHIFT_BOOT_TCB. Clobbers rax, rcx, rdx. Writes the
 * self pointers here, as a kernel may run before it relocates itself. After the
 * last load of the GS selector, before the first C function. */
.macro SEGSHIFT_LOAD_BOOT_TP name
        leaq    \name(%rip), %rax
        movq    %rax, SEGSHIFT_TCB_SELF(%rax)
        movq    %rax, SEGSHIFT_TCB_SELF2(%rax)
        SEGSHIFT_WRITE_TP
.endm

/* --- Parts of what follows ----------------------------------------------- */

/* rsp: from `vector` to the frame. */
.macro SEGSHIFT_PUSH_REGS
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        cld
.endm

/* rsp: from the frame to `vector`. */
.macro SEGSHIFT_POP_REGS
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
.endm

/* rsp: at `vector`. swapgs if the frame is the application's. The fence keeps
 * the CPU from running ahead with the wrong base on either path. */
.macro SEGSHIFT_SWAPGS_IF_APP
#if SEGSHIFT_APP_RING == 3
        testb   $3, SEGSHIFT_FRAME_CS - SEGSHIFT_FRAME_VECTOR(%rsp)
        jz      .Lsegshift_kernel_\@
        swapgs
.Lsegshift_kernel_\@:
        lfence
#endif
.endm

/* rsp: the frame. Debug builds: tp must be set and point to itself. If not, jumps
 * to the kernel's segshift_bad_tp(frame, base), which must not return, nor use
 * TLS or a canary. Clobbers rax, rcx, rdx, rsi, rdi, all of which are saved. */
.macro SEGSHIFT_CHECK_TP
#ifdef SEGSHIFT_DEBUG
#ifdef SEGSHIFT_KERNEL_TLS_FS
        movl    $SEGSHIFT_MSR_FS_BASE, %ecx
#else
        movl    $SEGSHIFT_MSR_GS_BASE, %ecx
#endif
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        movq    %rsp, %rdi
        movq    %rax, %rsi
        jz      segshift_bad_tp         /* zero: the selector was loaded */
        cmpq    %rax, %SEGSHIFT_SEG:SEGSHIFT_TCB_SELF
        jne     segshift_bad_tp
#endif
.endm

/* --- Interrupts and exceptions ------------------------------------------- */

/* Entry: the handler has pushed an error code if the CPU did not, and then the
 * vector. Exit: from the frame, to wherever it says. */
.macro SEGSHIFT_ENTER_TRAP
        SEGSHIFT_SWAPGS_IF_APP
        SEGSHIFT_PUSH_REGS
        SEGSHIFT_CHECK_TP
.endm

.macro SEGSHIFT_LEAVE_TRAP
        SEGSHIFT_POP_REGS
        SEGSHIFT_SWAPGS_IF_APP
        addq    $16, %rsp
        iretq
.endm

/* The same for vectors that can arrive where tp is not known to be loaded (rule
 * 3). With applications in ring 0 there is no such place, but with
 * SEGSHIFT_TP_SWITCHED.
 *
 * The IST entry in the TSS, 16-aligned, points to 8 bytes above the stack, which
 * hold the address of this CPU's note of its tp: 8 bytes that the kernel writes,
 * before the base, at each thread switch. rbx holds the old base from entry to exit;
 * C functions preserve it. The handler must not switch threads. */
#if SEGSHIFT_APP_RING == 3 || defined(SEGSHIFT_TP_SWITCHED)
#define SEGSHIFT_PARANOID_LOADS_TP
#endif

.macro SEGSHIFT_ENTER_PARANOID
        SEGSHIFT_PUSH_REGS
#ifdef SEGSHIFT_PARANOID_LOADS_TP
#ifdef SEGSHIFT_KERNEL_TLS_FS
        movl    $SEGSHIFT_MSR_FS_BASE, %ecx
#else
        movl    $SEGSHIFT_MSR_GS_BASE, %ecx
#endif
        rdmsr
        movq    %rdx, %rbx
        shlq    $32, %rbx
        orq     %rax, %rbx
        movq    SEGSHIFT_FRAME_SIZE(%rsp), %rax
        movq    (%rax), %rax
        SEGSHIFT_WRITE_TP
#endif
        SEGSHIFT_CHECK_TP
.endm

.macro SEGSHIFT_LEAVE_PARANOID
#ifdef SEGSHIFT_PARANOID_LOADS_TP
        movq    %rbx, %rax
        SEGSHIFT_WRITE_TP
#endif
        SEGSHIFT_POP_REGS
        addq    $16, %rsp
        iretq
.endm

/* --- System calls --------------------------------------------------------- */

/* Entry: at the address in LSTAR, with SEGSHIFT_SFMASK in IA32_FMASK: no interrupt
 * may come between rsp and its being saved. `cs` and `ss` are the application's
 * selectors, for the frame. */
.macro SEGSHIFT_ENTER_SYSCALL cs, ss
#if SEGSHIFT_APP_RING == 3
        swapgs
        lfence
#endif
        movq    %rsp, %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SAVED_RSP
        movq    %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rsp
        pushq   $\ss
        pushq   %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SAVED_RSP
        pushq   %r11
        pushq   $\cs
        pushq   %rcx
        pushq   %rax
        pushq   $SEGSHIFT_VECTOR_SYSCALL
        SEGSHIFT_PUSH_REGS
        SEGSHIFT_CHECK_TP
.endm

/* Exit. `trap`, if given, is the label of a SEGSHIFT_LEAVE_TRAP, which serves
 * where the fast way out does not; a kernel has then one iretq to know (rule 3).
 *
 * Ring 3 by sysretq, if the frame is still such as SYSCALL left it: rcx is rip
 * and r11 is rflags. sysretq to an address that is not canonical would fault in
 * ring 0 on the application's stack, so rip must be in the lower half; and it
 * cannot set RF, nor is TF left to it.
 *
 * Ring 0 by a jump, which needs rcx, if that is rip. From popfq on interrupts may
 * come, first on the kernel's stack, then on the application's (rule 7) with rip
 * still at the jump. The exit is then as good as done: rip may be taken from rcx.
 * With SEGSHIFT_TP_SWITCHED that is rare: sti holds interrupts off until after the
 * jump, but an NMI or #DB between the two, at its iretq, lets them in.
 *
 * `jump`, if given, becomes a label of the sysretq, or of the jump. */
.macro SEGSHIFT_LEAVE_SYSCALL trap, jump
        movq    SEGSHIFT_FRAME_RIP(%rsp), %rcx
        cmpq    %rcx, SEGSHIFT_FRAME_RCX(%rsp)
        .ifb \trap
        jne     .Lsegshift_trap_\@
        .else
        jne     \trap
        .endif
#if SEGSHIFT_APP_RING == 3
        shrq    $47, %rcx
        movq    SEGSHIFT_FRAME_RFLAGS(%rsp), %rdx
        movq    %rdx, %rsi
        xorq    SEGSHIFT_FRAME_R11(%rsp), %rsi
        andl    $0x10100, %edx          /* RF, TF */
        orq     %rsi, %rcx
        orq     %rdx, %rcx
        .ifb \trap
        jnz     .Lsegshift_trap_\@
        .else
        jnz     \trap
        .endif
        SEGSHIFT_POP_REGS
        movq    SEGSHIFT_FRAME_RSP - SEGSHIFT_FRAME_VECTOR(%rsp), %rsp
        swapgs
        .ifnb \jump
        .globl  \jump
\jump:
        .endif
        sysretq
#else
        SEGSHIFT_POP_REGS
#ifdef SEGSHIFT_TP_SWITCHED
        /* tp is unloaded: no interrupt until rsp is the application's, too. */
        andq    $~0x200, SEGSHIFT_FRAME_RFLAGS - SEGSHIFT_FRAME_VECTOR(%rsp)
#endif
        pushq   SEGSHIFT_FRAME_RFLAGS - SEGSHIFT_FRAME_VECTOR(%rsp)
        popfq
        movq    SEGSHIFT_FRAME_RSP - SEGSHIFT_FRAME_VECTOR(%rsp), %rsp
#ifdef SEGSHIFT_TP_SWITCHED
        sti                             /* takes effect after the jump */
#endif
        .ifnb \jump
        .globl  \jump
\jump:
        .endif
        jmpq    *%rcx
#endif
        .ifb \trap
.Lsegshift_trap_\@:
        SEGSHIFT_LEAVE_TRAP
        .endif
.endm

#endif /* __ASSEMBLER__ */

#endif
