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

#include "cpu/frame.h"
#include <stdint.h>

class Process;
struct Thread;

// Linux's numbers for x86-64; 32 to 64 are the real-time signals.
enum Signal : int {
  SIGHUP = 1,
  SIGINT = 2,
  SIGQUIT = 3,
  SIGILL = 4,
  SIGTRAP = 5,
  SIGABRT = 6,
  SIGBUS = 7,
  SIGFPE = 8,
  SIGKILL = 9,
  SIGUSR1 = 10,
  SIGSEGV = 11,
  SIGUSR2 = 12,
  SIGPIPE = 13,
  SIGALRM = 14,
  SIGTERM = 15,
  SIGCHLD = 17,
  SIGCONT = 18,
  SIGSTOP = 19,
  SIGTSTP = 20,
  SIGTTIN = 21,
  SIGTTOU = 22,
  SIGURG = 23,
  SIGXCPU = 24,
  SIGVTALRM = 26,
  SIGPROF = 27,
  SIGWINCH = 28,
  SIGSYS = 31,
  SIGRTMIN = 32,
};

namespace signal {

constexpr int MaxSignal = 64;

// Signal N is bit N - 1, as in sigset_t.
using Set = uint64_t;
constexpr Set bit(int Signal) { return 1ull << (Signal - 1); }
constexpr Set Unblockable = bit(SIGKILL) | bit(SIGSTOP);

// si_code (sigaction(2)).
enum Code : int32_t {
  SI_TKILL = -6,
  SI_TIMER = -2,
  SI_USER = 0,
  ILL_ILLOPN = 2,
  FPE_INTDIV = 1,
  FPE_FLTDIV = 3,
  FPE_FLTOVF = 4,
  FPE_FLTUND = 5,
  FPE_FLTRES = 6,
  FPE_FLTINV = 7,
  SEGV_MAPERR = 1,
  SEGV_ACCERR = 2,
  BUS_ADRALN = 1,
  BUS_ADRERR = 2,
  TRAP_BRKPT = 1,
  TRAP_TRACE = 2,
  TRAP_HWBKPT = 4,
  SI_KERNEL = 0x80,
};

// The head of siginfo_t, as programs see it; the other 80 bytes are 0.
struct Info {
  int32_t Signo = 0, Errno = 0, Code = SI_USER, Pad = 0;
  // SI_USER and the like: { pid, uid }, value. Faults: address. Timers:
  // { timer, overruns }, value.
  uint64_t Fields[4] = {};
};
static_assert(sizeof(Info) == 48);

// struct sigaction as the system call has it.
struct Action {
  uint64_t Handler = 0; // or one of the two below
  uint64_t Flags = 0;
  uint64_t Restorer = 0;
  Set Mask = 0;
};
enum : uint64_t { SIG_DFL = 0, SIG_IGN = 1 };
enum : uint64_t {
  SA_ONSTACK = 0x08000000,
  SA_RESTORER = 0x04000000,
  SA_RESTART = 0x10000000,
  SA_NODEFER = 0x40000000,
  SA_RESETHAND = 0x80000000,
};

// An Info that waits. Of the heap, or part of the object that sends it.
struct Queued {
  Queued *Next = nullptr;
  Info I;
  bool IsQueued = false;
  bool OfHeap = false;
};

// Signals that were sent and not yet taken.
struct Pending {
  Set Signals = 0; // with an Info each; or without, if there was no memory
  Queued *First = nullptr;
  unsigned Length = 0;
};

// sigaltstack(2). The running thread's own.
struct AltStack {
  uint64_t Start = 0, Size = 0; // Size 0: none
  uint32_t Flags = 0;
};
enum : uint32_t {
  SS_ONSTACK = 1,
  SS_DISABLE = 2,
  SS_AUTODISARM = 1u << 31,
};

// Of each thread.
struct ThreadState {
  Pending Own;
  Set Blocked = 0; // written by the thread itself alone
  Set Awaited = 0; // blocked, and sigtimedwait takes them
  // There may be a signal to be taken. Read without the lock.
  bool Interrupted = false;
  // Blocked is for the running system call only, then it is Saved again.
  bool HasSaved = false;
  Set Saved = 0;
  AltStack Alt;
  // Of the last exception, as handlers find them.
  uint64_t Trap = 0, Error = 0, Address = 0;
};

// Of each process.
struct ProcessState {
  Action Actions[MaxSignal];
  Pending Shared; // for whichever thread does not block it
};

// Sends a signal to the thread of this id, or to the process if Tid is 0. Q:
// room for the Info, which stays the sender's if it is not OfHeap; null: there
// is none. False: no such thread. Signal 0 only asks for that. May be called
// from interrupts.
bool send(Process &P, int Tid, const Info &I, Queued *Q);
// The same for a signal of the kernel's own, to the running program: SIGPIPE,
// SIGXFSZ … From a thread of it.
void raise(int Signal);

// A fault of the running thread, in the program: the handler is to run at once.
// A program without handler, or that blocks the signal, is killed, with the
// text as the reason in the log.
struct Fault {
  int Signal;
  int32_t Code;
  uint64_t Address; // si_addr
};
void fault(const Frame &F, const Fault &What, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));
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

// Before the running thread goes back to the program by F: starts handlers,
// does default actions, begins system calls again. Interrupts are on. May not
// return.
void deliver(Frame &F);
// Whether there is something to deliver. Interrupts are off.
bool isPending(const Frame &F);

// Forgets what is pending, at the end of a thread or of all.
void discard(Pending &P);
// A thread leaves: another takes what was meant for either.
void retarget(Process &P);

} // namespace signal

#endif
