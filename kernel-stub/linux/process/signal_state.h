// What a thread and a process have of signals, and what this room asks of
// linux/signal, which stands on it.
//
// One spin lock, process::StateLock, protects all that is declared here, except
// what its comment says is the running thread's own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SIGNAL_STATE_H
#define STUB_SIGNAL_STATE_H

#include "cpu/frame.h"
#include "thread/program.h"
#include "thread/thread.h"
#include <stdint.h>

namespace signal {

constexpr int MaxSignal = 64;

// Signal N is bit N - 1, as in sigset_t.
using Set = uint64_t;
constexpr Set bit(int Signal) { return 1ull << (Signal - 1); }
constexpr Set Unblockable = bit(SIGKILL) | bit(SIGSTOP);

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

// Of each thread: its Thread::ProgramState. As zeros, it is that of a new one.
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

static_assert(sizeof(ThreadState) <= sizeof(Thread::ProgramState));
inline ThreadState &stateOf(Thread &T) {
  return *reinterpret_cast<ThreadState *>(T.ProgramState);
}
inline const ThreadState &stateOf(const Thread &T) {
  return *reinterpret_cast<const ThreadState *>(T.ProgramState);
}

// Of each process.
struct ProcessState {
  Action Actions[MaxSignal];
  Pending Shared; // for whichever thread does not block it
};

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

namespace interval_timer {

// At the end of a program.
void clear();

} // namespace interval_timer

#endif
