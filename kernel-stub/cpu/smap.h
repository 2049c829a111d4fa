/* SMAP (SDM volume 3, 5.6): with the program in ring 3, the kernel's accesses
 * to its pages fault but between stac and clac, which set and clear RFLAGS.AC.
 * The two are invalid opcodes on a CPU without SMAP, so they stand as three
 * bytes that do nothing, and processor.cpp writes them where there is SMAP.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_SMAP_H
#define STUB_SMAP_H

#ifdef __ASSEMBLER__
/* clang-format off */

/* 0f 01 `last`, and in the list of places what is to be written. */
.macro SMAP_INSTRUCTION last
.Lsmap_\@:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_places, "a"
    .quad .Lsmap_\@, \last
    .popsection
.endm

.macro SMAP_STAC
    SMAP_INSTRUCTION 0xcb
.endm

.macro SMAP_CLAC
    SMAP_INSTRUCTION 0xca
.endm

/* clang-format on */
#else
#include <stdint.h>

struct SmapPlace {
  uint64_t Address;
  uint64_t LastByte;
};
extern "C" const SmapPlace __smap_places_start[], __smap_places_end[];

#endif

#endif
