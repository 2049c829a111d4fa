/* The entry macros with an application in ring 3, on a machine: a PVH kernel of
 * nothing else. The application steps through its system calls with the trap
 * flag, and as IA32_FMASK leaves that flag on, #DB arrives at each instruction of
 * the kernel's entry and exit, between SYSCALL and swapgs too.
 *
 * With NAIVE, #DB decides by CS, as only other vectors may.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define SEGSHIFT_APP_RING 3
#ifndef FIRST_GS
#define FIRST_GS gdt
#endif
#include <segshift/entry.h>

#define KERNEL_CS 0x08
#define USER_SS 0x1b
#define USER_CS 0x23

        .section .note.pvh, "a", @note
        .long   4, 8, 18                # PHYS32_ENTRY
        .asciz  "Xen"
        .quad   _start

        .text
        .code32
        .globl  _start
_start: movl    $pdpt + 7, pml4
        movl    $pd + 7, pdpt
        movl    $0x87, %eax             # 1 GiB, 2 MiB pages, the user's too
        movl    $pd, %edi
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        cmpl    $pd + 4096, %edi
        jb      1b
        movl    $0x20, %eax             # PAE
        movl    %eax, %cr4
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       # EFER: SCE, LME
        movl    $0x101, %eax
        xorl    %edx, %edx
        wrmsr
        movl    $0x80010033, %eax
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $KERNEL_CS, $start64

        .code64
start64:
        movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %eax, %eax
        movl    %eax, %fs
        movl    %eax, %gs
        leaq    kernel_stack_top(%rip), %rsp
        SEGSHIFT_LOAD_BOOT_TP boot_tcb
        call    kernel_main
        ud2

        SEGSHIFT_BOOT_TCB boot_tcb, 0x7766554433221100, 16

/* --- Entries -------------------------------------------------------------- */
        .globl  syscall_entry, syscall_entry_end, db_entry, bp_entry, fatal_entry
syscall_entry:
        SEGSHIFT_ENTER_SYSCALL USER_CS, USER_SS
syscall_entry_end:
        movq    %rsp, %rdi
        call    handle_syscall
        SEGSHIFT_LEAVE_SYSCALL

db_entry:
        pushq   $0
        pushq   $1
#ifdef NAIVE
        SEGSHIFT_ENTER_TRAP
        movq    %rsp, %rdi
        call    handle_db
        SEGSHIFT_LEAVE_TRAP
#else
        SEGSHIFT_ENTER_PARANOID
        movq    %rsp, %rdi
        movq    %rbx, %rsi
        call    handle_db
        SEGSHIFT_LEAVE_PARANOID
#endif

bp_entry:
        pushq   $0
        pushq   $3
        SEGSHIFT_ENTER_TRAP
        movq    %rsp, %rdi
        call    handle_bp
        SEGSHIFT_LEAVE_TRAP

/* Any other exception: the test has failed. Uses no TLS. */
fatal_entry:
        movl    $100, %edi
        jmp     finish
        .globl  segshift_bad_tp
segshift_bad_tp:
        movl    $77, %edi
        jmp     finish

/* --- To ring 3, and the application ---------------------------------------- */
        .globl  enter_application
enter_application:                      # rdi: whether there is FSGSBASE
        pushq   $USER_SS
        leaq    user_stack_top(%rip), %rax
        pushq   %rax
        pushq   $0x2
        pushq   $USER_CS
        leaq    user_start(%rip), %rax
        pushq   %rax
        swapgs
        iretq

user_start:
        movq    %rdi, %r15
        leaq    user_gs_values(%rip), %r14
        leaq    user_gs_values_end(%rip), %r13
next:   movq    (%r14), %rdi            # the kernel sets our GS
        movl    $2, %eax
        syscall
        testq   %r15, %r15
        jz      1f
        rdgsbase %rax
        cmpq    %rax, %rdi
        jne     bad
        wrgsbase %rdi                   # we may, ourselves
1:      movl    $0xb0b0, %ebx
        movl    $0xb1b1, %ebp
        movl    $0xb2b2, %r12d
        pushfq
        orq     $0x4100, (%rsp)         # TF and NT
        popfq
        movl    $1, %eax
        syscall
        int3
        pushfq
        andq    $~0x4100, (%rsp)
        popfq
        cmpq    $0xcafe, %rax
        jne     bad
        cmpq    $0xb0b0, %rbx
        jne     bad
        cmpq    $0xb1b1, %rbp
        jne     bad
        cmpq    $0xb2b2, %r12
        jne     bad
        testq   %r15, %r15
        jz      2f
        rdgsbase %rax
        cmpq    %rax, (%r14)
        jne     bad
2:      addq    $8, %r14
        cmpq    %r13, %r14
        jb      next
        xorl    %edi, %edi
        xorl    %eax, %eax
        syscall
bad:    movl    $50, %edi
        xorl    %eax, %eax
        syscall

        .data
        .balign 16
        .globl  gdt, user_gs_values
gdt:    .quad   0
        .quad   0x00af9b000000ffff      # 0x08 kernel code
        .quad   0x00cf93000000ffff      # 0x10 kernel data
        .quad   0x00cff3000000ffff      # 0x18 user data
        .quad   0x00affb000000ffff      # 0x20 user code
        .quad   0, 0                    # 0x28 TSS
gdt_pointer:
        .word   . - gdt - 1
        .quad   gdt
        .balign 8
user_gs_values:
        .quad   FIRST_GS
        .quad   0
        .quad   0x1000
        .quad   0xffff800000000000      # as a kernel's, by its sign
        .quad   0                       # kernel_main: the kernel's own tp
        .quad   0x7fffffffefff
user_gs_values_end:

        .bss
        .balign 4096
pml4:   .skip   4096
pdpt:   .skip   4096
pd:     .skip   4096
        .skip   16384
        .globl  kernel_stack_top, db_stack_top, cpu_tp
kernel_stack_top:
        .skip   16384
user_stack_top:
        .skip   16384
db_stack_top:                           # what the IST entry points to
        .skip   8                       # kernel_main: the address of cpu_tp
cpu_tp: .skip   8
        .section .note.GNU-stack, "", @progbits
