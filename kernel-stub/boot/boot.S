/* From PVH's 32-bit entry to the first C++ function.
 *
 * GS invariant (mode gs): from the first C++ function on, GS_BASE is the thread
 * pointer of the running kernel thread, on every processor, in every context.
 * The compiler relies on it in any function: the stack protector's canary is at
 * %gs:0x28, thread-locals lie below %gs:0. So this file sets GS_BASE before it
 * calls C++, and the GS selector is never loaded again, since that zeroes the
 * base.
 *
 * PVH: Xen's docs/misc/pvh.pandoc; a 32-bit entry, paging off, flat segments,
 * EBX = physical address of struct hvm_start_info.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/config.h"
#include "segshift/entry.h"

#define PHYS(Symbol) ((Symbol) - KERNEL_BASE)

#define CR0_PG_WP_NE_MP_PE 0x80010023
#define CR4_PAE_OSFXSR_OSXMMEXCPT 0x620
#define MSR_EFER 0xc0000080
#define EFER_SCE_LME_NXE 0x901

#define PTE_PRESENT_WRITE 0x3
#define PTE_LARGE 0x80
#define PTE_UNCACHED 0x10
#define PAGE_2M 0x200000
/* Devices live above this physical address (PC: PCI hole, APICs). */
#define DEVICES 0xc0000000

#define SEL_BOOT_CODE32 0x18

/* BootCpu, what a processor starts with: static TCB, top of stack, C++ function
 * (which gets the BootCpu's address). Also in smp.cpp. */
#define BOOT_CPU_TCB 0
#define BOOT_CPU_STACK 8
#define BOOT_CPU_MAIN 16

    .section .note.pvh, "a", @note
    .long 4, 8, 18                      /* name size, data size, PHYS32_ENTRY */
    .asciz "Xen"
    .quad PHYS(pvh_start)

    .section .boot.text, "ax"
    .code32
    .globl pvh_start
pvh_start:
    cld
    movl $PHYS(__bss_start), %edi
    movl $PHYS(__bss_end), %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    rep stosb
    movl %ebx, PHYS(boot_start_info)

    /* 4 GiB in 2 MiB pages: at 0 until paging is on, and at DIRECT_MAP. */
    movl $PHYS(boot_pd), %edi
    movl $(PTE_PRESENT_WRITE | PTE_LARGE), %eax
    movl $2048, %ecx
1:  cmpl $DEVICES, %eax
    jb 2f
    orl $PTE_UNCACHED, %eax
2:  movl %eax, (%edi)
    addl $8, %edi
    addl $PAGE_2M, %eax
    loop 1b
    movl $PHYS(boot_pd) + PTE_PRESENT_WRITE, %eax
    movl $PHYS(boot_pdpt), %edi
    movl $4, %ecx
3:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 3b
    movl $PHYS(boot_pdpt) + PTE_PRESENT_WRITE, PHYS(boot_pml4)
    movl $PHYS(boot_pdpt) + PTE_PRESENT_WRITE, PHYS(boot_pml4) + 256 * 8
    /* The first GiB again at KERNEL_BASE. */
    movl $PHYS(boot_pdpt_kernel) + PTE_PRESENT_WRITE, PHYS(boot_pml4) + 511 * 8
    movl $PHYS(boot_pd) + PTE_PRESENT_WRITE, PHYS(boot_pdpt_kernel) + 510 * 8

    movl $PHYS(boot_gdt_pointer), %esi
    movl $PHYS(boot_cpu), %edi

/* Every processor: 32-bit protected mode, paging off. ESI: physical address of
 * a GDT pointer, EDI: of a BootCpu (below). */
start32:
    movl $CR4_PAE_OSFXSR_OSXMMEXCPT, %eax
    movl %eax, %cr4
    movl $PHYS(boot_pml4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $EFER_SCE_LME_NXE, %eax
    xorl %edx, %edx
    wrmsr
    movl $CR0_PG_WP_NE_MP_PE, %eax
    movl %eax, %cr0
    lgdt (%esi)
    ljmp $SEL_KCODE, $PHYS(start64_low)

    .code64
start64_low:
    movabsq $start64, %rax
    jmpq *%rax
start64:
    movabsq $KERNEL_BASE, %rax
    addq %rax, %rdi
    movl $SEL_KDATA, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    /* The only loads of FS and GS. They zero the bases. */
    xorl %eax, %eax
    movw %ax, %fs
    movw %ax, %gs

    movq %rdi, %rsi
    movq BOOT_CPU_TCB(%rsi), %rax
    movq %rax, SEGSHIFT_TCB_SELF(%rax)
    movq %rax, SEGSHIFT_TCB_SELF2(%rax)
    SEGSHIFT_WRITE_TP
    MODE_SET_BOOT_FS

    movq BOOT_CPU_STACK(%rsi), %rsp
    xorl %ebp, %ebp                     /* ends stack traces */
    callq *BOOT_CPU_MAIN(%rsi)
    ud2

/* Where INIT and SIPI start another processor: real mode, CS = AP_TRAMPOLINE >> 4.
 * Copied to AP_TRAMPOLINE, below 1 MiB, with the physical address of a BootCpu
 * in its last 4 bytes. */
    .section .rodata
    .globl ap_trampoline, ap_trampoline_end
    .code16
ap_trampoline:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl ap_gdt_pointer - ap_trampoline
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $SEL_BOOT_CODE32, $(AP_TRAMPOLINE + ap_protected - ap_trampoline)
    .code32
ap_protected:
    movw $SEL_KDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $PHYS(boot_gdt_pointer), %esi
    movl AP_TRAMPOLINE + ap_boot_cpu - ap_trampoline, %edi
    movl $PHYS(start32), %eax
    jmpl *%eax
ap_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYS(boot_gdt)
ap_boot_cpu:
    .long 0
ap_trampoline_end:
    .code64

    .section .data
    .balign 8
boot_cpu:
    .quad boot_tcb
    .quad boot_stack + KSTACK_SIZE
    .quad kernelMain

    .globl boot_gdt_pointer
boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .quad PHYS(boot_gdt)
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            /* 64-bit code, ring 0 */
    .quad 0x00cf93000000ffff            /* data, ring 0 */
    .quad 0x00cf9b000000ffff            /* SEL_BOOT_CODE32 */
boot_gdt_end:

/* Until kernelMain has made a TLS block: a canary and slots, no variables. */
SEGSHIFT_BOOT_TCB boot_tcb, 0x5bd1e9955bd1e900, TCB_SLOTS_SIZE
/* The same for the others, until apMain takes the block of its idle thread. */
.irp number, 1, 2, 3, 4, 5, 6, 7
SEGSHIFT_BOOT_TCB boot_tcb_\number, 0x5bd1e9955bd1e900, TCB_SLOTS_SIZE
.endr
    .balign 8
    .globl boot_tcbs                    /* by processor; smp.cpp */
boot_tcbs:
    .quad boot_tcb
.irp number, 1, 2, 3, 4, 5, 6, 7
    .quad boot_tcb_\number
.endr

    .section .bss
    .balign 4096
    .globl boot_pml4
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pdpt_kernel: .skip 4096
boot_pd: .skip 4 * 4096
    .balign KSTACK_SIZE
    .globl boot_stack
boot_stack: .skip KSTACK_SIZE
