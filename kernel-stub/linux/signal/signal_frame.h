// The frame that a signal handler runs on: struct rt_sigframe of Linux for
// x86-64 (arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h), which
// programs and their libraries read and change.
//
//   high  interrupted stack; red zone, 128 bytes
//         x87, SSE, AVX … state, as XSAVE stores it, 64-aligned;
//         FP_XSTATE_MAGIC2 siginfo_t, 128 bytes ucontext_t
//   RSP   return address: sa_restorer, which calls rt_sigreturn; RSP + 8 is a
//         multiple of 16, as after a call
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SIGNAL_FRAME_H
#define STUB_SIGNAL_FRAME_H

#include "linux/signal/signal.h"

namespace signal_frame {

// Saves what the running thread interrupted, F and the extended state, to its
// stack, with Mask, and has F go to the handler. False: the stack cannot be
// written to; F is as before.
bool push(Frame &F, const signal::Action &A, const signal::Info &I,
          signal::Set Mask);

// rt_sigreturn(2): loads what push saved, as the handler left it. False: it
// cannot be read, or is not what a program may have.
bool pop(Frame &F, signal::Set &Mask);

// Whether Sp lies on the alternate stack.
bool isOn(const signal::AltStack &Alt, uint64_t Sp);
// sigaltstack(2) for a thread whose stack pointer is Sp. 0 or -errno.
int setAltStack(uint64_t Start, uint32_t Flags, uint64_t Size, uint64_t Sp);

// Bytes that push needs at most, for AT_MINSIGSTKSZ.
uint64_t maxSize();

} // namespace signal_frame

#endif
