/* The GS TLS ABI in numbers. Safe to include from assembly, C and C++.
 *
 * The layout is the System V x86-64 psABI's TLS variant II with only the
 * segment changed: GS_BASE holds the thread pointer tp, a variable lies at
 * tp + x@tpoff (x@tpoff is negative), and the thread control block (TCB)
 * starts at tp. docs/abi.md has the whole contract.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_ABI_H
#define SEGSHIFT_ABI_H

/* Version of this contract, as the ELF note carries it. */
#define SEGSHIFT_ABI_VERSION 1

/* Offsets from tp, in bytes. */
#define SEGSHIFT_TCB_SELF 0x00        /* tp itself */
#define SEGSHIFT_TCB_DTV 0x08         /* dynamic thread vector */
#define SEGSHIFT_TCB_SELF2 0x10       /* tp again, as libc has it */
#define SEGSHIFT_TCB_CANARY 0x28      /* stack protector */
#define SEGSHIFT_TCB_PTR_GUARD 0x30   /* pointer guard */
#define SEGSHIFT_TCB_SPLIT_STACK 0x70 /* reserved for split stacks */
#define SEGSHIFT_TCB_KERNEL 0x80      /* from here on: the embedding kernel's */

/* Places in a DTV, and in one of its slots, from its start (segshift/dtv.h). A
 * slot is 16 bytes; the low 16 bits of a module's number are its index. */
#define SEGSHIFT_DTV_SLOTS 0x30
#define SEGSHIFT_DTV_SLOT_SHIFT 4
#define SEGSHIFT_DTV_SLOT_BLOCK 8

/* The segment register of the kernel's TLS, for assembly (%SEGSHIFT_SEG:0x28)
 * and for the runtime's headers. gs, unless the including kernel is built to
 * keep its TLS behind fs (as the stub's fs-* modes are, for comparison). */
#ifdef SEGSHIFT_KERNEL_TLS_FS
#define SEGSHIFT_SEG fs
#else
#define SEGSHIFT_SEG gs
#endif

/* tp and the TLS block are aligned to p_align of PT_TLS, at least to this. */
#define SEGSHIFT_TLS_MIN_ALIGN 64

/* The ELF note of each object, and the second word of its description: what
   made the object. The first word is SEGSHIFT_ABI_VERSION. */
#define SEGSHIFT_NOTE_SECTION ".note.segshift"
#define SEGSHIFT_OBJECT_SECTION                                                \
  ".segshift.object" /* not loaded; for link maps */
#define SEGSHIFT_NOTE_NAME "segshift"
#define SEGSHIFT_NOTE_TYPE 1
#define SEGSHIFT_MADE_BY_PLUGIN 1
#define SEGSHIFT_MADE_BY_REWRITER 2

/* Model-specific registers of the segment bases (Intel SDM volume 4). */
#define SEGSHIFT_MSR_FS_BASE 0xC0000100
#define SEGSHIFT_MSR_GS_BASE 0xC0000101
#define SEGSHIFT_MSR_KERNEL_GS_BASE 0xC0000102

/* CR4.FSGSBASE (Intel SDM volume 3, 2.5): rdfsbase and its kin are allowed. */
#define SEGSHIFT_CR4_FSGSBASE 0x10000

/* Linux error numbers. The runtime's functions return them negated. */
#define SEGSHIFT_EPERM 1
#define SEGSHIFT_ENOMEM 12
#define SEGSHIFT_EFAULT 14
#define SEGSHIFT_ENODEV 19
#define SEGSHIFT_EINVAL 22
#define SEGSHIFT_ENOSPC 28

/* Codes of Linux's arch_prctl(2). */
#define SEGSHIFT_ARCH_SET_GS 0x1001
#define SEGSHIFT_ARCH_SET_FS 0x1002
#define SEGSHIFT_ARCH_GET_FS 0x1003
#define SEGSHIFT_ARCH_GET_GS 0x1004

/* What Linux accepts as an application's segment base is below this: its
 * TASK_SIZE_MAX, 2^47 less a page (2^56 less a page with 5-level paging). */
#define SEGSHIFT_APP_ADDRESS_LIMIT 0x7ffffffff000

#endif
