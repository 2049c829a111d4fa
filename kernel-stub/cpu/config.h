/* Numbers that C++, assembly and the linker script share.
 *
 * Address space (one for the kernel and the program, as in a unikernel):
 *   0 .. 2^47                 the program
 *   DIRECT_MAP                the first 4 GiB of physical memory
 *   THREAD_AREA               kernel stacks and kernel TLS blocks, guard pages
 *   CPU_AREA                  interrupt stacks of processors but the first
 *   HEAP_AREA                 large blocks of the kernel heap
 *   MODULE_AREA               kernel modules
 *   KERNEL_BASE               the kernel image (-mcmodel=kernel)
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_CONFIG_H
#define STUB_CONFIG_H

#define KERNEL_BASE 0xffffffff80000000
#define DIRECT_MAP 0xffff800000000000
#define DIRECT_MAP_SIZE 0x100000000
#define THREAD_AREA 0xffffc00000000000
#define CPU_AREA 0xffffc80000000000
#define HEAP_AREA 0xffffd00000000000
#define MODULE_AREA 0xffffd80000000000
#define MODULE_SLOT_SIZE 0x200000

/* Kernel stacks have this size and alignment; the lowest page is a guard. */
#define KSTACK_SIZE 0x8000
/* An interrupt that finds less than this above the guard is an overflow. */
#define KSTACK_RESERVE 0x400

/* Bytes below RSP that kernel code may use without moving it, and whether
 * kernel threads may use the x87, SSE and AVX registers. The stub's own code
 * does neither (-mno-red-zone, -mgeneral-regs-only). libstdc++.a and
 * libgcc_eh.a, in the image with the C++ runtime, were compiled for programs
 * and do both. */
#ifdef STUB_CXX_RUNTIME
#define KERNEL_RED_ZONE 128
#define KERNEL_EXTENDED_STATE 1
#else
#define KERNEL_RED_ZONE 0
#define KERNEL_EXTENDED_STATE 0
#endif

/* Selectors. The order of the user ones is what SYSRET wants (SDM vol. 2). */
#define SEL_KCODE 0x08
#define SEL_KDATA 0x10
#define SEL_USYSRET 0x18 /* +8: data, +16: code */
#define SEL_UDATA 0x20
#define SEL_UCODE 0x28
#define SEL_TSS 0x30

/* Interrupt stacks: index in the TSS. With the program in ring 0 every vector
 * has one, because the CPU would else push onto the program's stack, over its
 * red zone. With the program in ring 3, IST_COMMON is not used. */
#define IST_COMMON 1
#define IST_DOUBLE_FAULT 2
#define IST_NMI 3
#define IST_MACHINE_CHECK 4
#define IST_DEBUG 5
#define NUM_ISTS 5

/* Where the other processors start: a page below 1 MiB, which nothing else uses
 * once the structures of PVH have been read. */
#define AP_TRAMPOLINE 0x8000

/* Interrupt vectors of our own. */
#define VECTOR_TIMER 0x20
#define VECTOR_RESCHEDULE 0x21
#define VECTOR_SPURIOUS 0xff
#endif
