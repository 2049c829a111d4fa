// The saved registers of whatever the kernel interrupted: drawn, numbered and
// asserted in segshift/entry.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_FRAME_H
#define STUB_FRAME_H

#include "segshift/entry.h"

using Frame = segshift_frame;

// RFLAGS: single-step; interrupts enabled; no breakpoint at the next
// instruction.
constexpr uint64_t FlagsTF = 0x100, FlagsIF = 0x200, FlagsRF = 0x10000;

// What a program may choose of RFLAGS: CF, PF, AF, ZF, SF, TF, DF, OF, RF, AC.
// Not NT, IOPL and IF.
constexpr uint64_t FlagsProgram = 0x50dd5;

// Where programs run: ring=0 or ring=3 on the kernel's command line. Set once
// at boot.
extern bool ProgramsInRing3;

// Whether the program was interrupted, rather than the kernel. In ring 3, CS
// tells. In ring 0 it is the same for both, and the stack tells: the kernel's
// are in the upper half of the address space, and it leaves the program's
// before it does anything that could be interrupted. entry_ring0.S decides by
// the same rule.
inline bool isFromProgram(const Frame &F) {
  return ProgramsInRing3 ? F.cs & 3 : static_cast<int64_t>(F.rsp) >= 0;
}

// The frame by which a program, or a thread of it, starts: at Rip, on the stack
// Rsp, interrupts on, all other registers 0.
void makeProgramFrame(Frame &F, uint64_t Rip, uint64_t Rsp);

// Makes a frame safe to leave the kernel by, when the program had a hand in it
// (rt_sigreturn): CS and SS are set, RFLAGS keeps only what a program may
// choose. False: RIP or RSP lie outside the program's half of the address
// space, and the frame must not be used.
bool sanitizeProgramFrame(Frame &F);

#endif
