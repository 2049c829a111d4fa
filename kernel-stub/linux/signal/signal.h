// Signals: what is sent to a program and its threads, who takes it, and what
// happens then (signal(7)). How a handler is started: signal_frame.h. The
// system calls: sys_signal.cpp.
//
// One spin lock, process::StateLock, protects all that is declared here, but
// what its comment says is the running thread's own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SIGNAL_H
#define STUB_SIGNAL_H

#include "linux/process/process.h"

namespace signal {

// Sends a signal to the thread of this id, or to the process if Tid is 0. Q:
// room for the Info, which stays the sender's if it is not OfHeap; null: there
// is none. False: no such thread. Signal 0 only asks for that. May be called
// from interrupts.
bool send(Process &P, int Tid, const Info &I, Queued *Q);
// The same for a signal of the kernel's own, to the running program: SIGPIPE,
// SIGXFSZ … From a thread of it.
void raise(int Signal);

// SIGSEGV for a stack or a signal frame of no use.
void badFrame(const char *What);

// Replaces the running thread's mask.
void setMask(Set Blocked);
// The same until the running system call has ended and a handler that it made
// room for, if any, runs: for sigsuspend, ppoll, pselect6, epoll_pwait. Such a
// call returns -ERESTARTNOHAND when process::interrupted() ends its wait: any
// other result says that it ended by itself, and no handler runs for it.
void setTemporaryMask(Set Blocked);

// What is pending for the running thread, blocked or not.
Set pending();
// From here on, signals of the set interrupt the running thread's waits
// although it blocks them. For sigtimedwait.
void await(Set Wanted);
// Ends that, and takes one of them. False: there is none.
bool takeAwaited(Info &I);

Action action(int Signal);
void setAction(int Signal, const Action &A);

} // namespace signal

#endif
