// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/signal/signal.h"
#include "cpu/cpu.h"
#include "device/log.h"
#include "lib/error.h"
#include "linux/process/process.h"
#include "linux/signal/signal_frame.h"
#include "linux/strace/strace.h"
#include "memory/heap.h"
#include "thread/thread.h"

namespace signal {
namespace {

constexpr Set Synchronous = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) |
                            bit(SIGTRAP) | bit(SIGFPE) | bit(SIGSYS);
// No one could wake a stopped program: signals that stop are ignored.
constexpr Set IgnoredByDefault = bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) |
                                 bit(SIGWINCH) | bit(SIGSTOP) | bit(SIGTSTP) |
                                 bit(SIGTTIN) | bit(SIGTTOU);
constexpr unsigned MaxQueued = 1024;
constexpr uint64_t PageFaultVector = 14;

bool isIgnored(const Process &P, int Signal) {
  uint64_t Handler = P.Signals.Actions[Signal - 1].Handler;
  return Handler == SIG_IGN ||
         (Handler == SIG_DFL && (IgnoredByDefault & bit(Signal)));
}

// What T does not block.
Set openOf(const Thread &T) {
  return ~(stateOf(T).Blocked & ~stateOf(T).Awaited);
}

void setInterrupted(Thread &T, bool Value) {
  __atomic_store_n(&stateOf(T).Interrupted, Value, __ATOMIC_SEQ_CST);
}

void notify(Thread &T) {
  setInterrupted(T, true);
  thread::interrupt(T);
}

void recompute(Thread &T) {
  setInterrupted(T, (stateOf(T).Own.Signals | T.Owner->Signals.Shared.Signals) &
                        openOf(T));
}

// Whether Q is needed now.
bool add(Pending &P, const Info &I, Queued *Q) {
  bool IsPending = P.Signals & bit(I.Signo);
  P.Signals |= bit(I.Signo);
  // One of each standard signal.
  if (!Q || Q->IsQueued || P.Length == MaxQueued ||
      (IsPending && I.Signo < SIGRTMIN))
    return false;
  Queued **Link = &P.First;
  while (*Link)
    Link = &(*Link)->Next;
  Q->I = I;
  Q->Next = nullptr;
  Q->IsQueued = true;
  *Link = Q;
  ++P.Length;
  return true;
}

// Takes the first signal out of Wanted. Unused: what is to be freed without the
// lock.
bool take(Pending &P, Set Wanted, Info &I, Queued *&Unused) {
  Wanted &= P.Signals;
  if (!Wanted)
    return false;
  if (Wanted & Synchronous)
    Wanted &= Synchronous;
  int Signal = __builtin_ctzll(Wanted) + 1;
  I = Info();
  I.Signo = Signal;
  I.Code = SI_KERNEL; // if there was no memory for more
  bool Found = false, More = false;
  for (Queued **Link = &P.First; Queued *Q = *Link;) {
    if (Q->I.Signo != Signal || Found) {
      More |= Q->I.Signo == Signal;
      Link = &Q->Next;
      continue;
    }
    I = Q->I;
    Found = true;
    *Link = Q->Next;
    Q->IsQueued = false;
    --P.Length;
    if (Q->OfHeap)
      Unused = Q;
  }
  if (!More)
    P.Signals &= ~bit(Signal);
  return true;
}

bool takeLocked(Thread &T, Set Wanted, Info &I, Queued *&Unused) {
  bool Taken = take(stateOf(T).Own, Wanted, I, Unused) ||
               take(T.Owner->Signals.Shared, Wanted, I, Unused);
  recompute(T);
  return Taken;
}

// Pending signals that are to be ignored go at once.
void discardIgnored(Pending &P, Set Ignored, Queued *&Unused) {
  P.Signals &= ~Ignored;
  for (Queued **Link = &P.First; Queued *Q = *Link;) {
    if (!(bit(Q->I.Signo) & Ignored)) {
      Link = &Q->Next;
      continue;
    }
    *Link = Q->Next;
    Q->IsQueued = false;
    --P.Length;
    if (Q->OfHeap) {
      Q->Next = Unused;
      Unused = Q;
    }
  }
}

void freeAll(Queued *Q) {
  while (Queued *This = Q) {
    Q = This->Next;
    heap::destroy(This);
  }
}

void retargetLocked(Process &P) {
  for (Thread *T = P.Threads; T; T = T->NextInProcess)
    if (P.Signals.Shared.Signals & openOf(*T))
      notify(*T);
}

void setBlocked(Thread &T, Set Blocked) {
  cpu::LockGuard Guard(process::StateLock);
  Set Newly = Blocked & ~stateOf(T).Blocked;
  stateOf(T).Blocked = Blocked & ~Unblockable;
  recompute(T);
  if (Newly & T.Owner->Signals.Shared.Signals)
    retargetLocked(*T.Owner);
}

// Q becomes null if it is in use now.
bool sendLocked(Process &P, int Tid, const Info &I, Queued *&Q) {
  // For the process, the first thread's mask tells whether it is to be ignored.
  Thread *T = P.Threads;
  while (Tid && T && T->Id != Tid)
    T = T->NextInProcess;
  if (!T)
    return false;
  if (!I.Signo || I.Signo == SIGKILL ||
      (isIgnored(P, I.Signo) && !(stateOf(*T).Blocked & bit(I.Signo))))
    return true;
  if (add(Tid ? stateOf(*T).Own : P.Signals.Shared, I, Q))
    Q = nullptr;
  // One takes it: the first that does not block it.
  for (; T; T = Tid ? nullptr : T->NextInProcess)
    if (openOf(*T) & bit(I.Signo)) {
      notify(*T);
      break;
    }
  return true;
}

const char *senderOf(const Info &I) {
  if (I.Code == SI_TIMER)
    return "sent by a timer";
  return I.Code == SI_KERNEL ? "sent by the kernel"
                             : "sent by the program itself";
}

bool isRestart(int64_t Result) {
  return Result <= -ERESTARTSYS && Result >= -ERESTART_RESTARTBLOCK;
}

// A system call that was interrupted: the instruction is 2 bytes long.
void beginAgain(Frame &F, uint64_t Number) {
  F.rax = Number;
  F.rip -= 2;
}

bool isSyscall(const Frame &F) { return F.vector == SEGSHIFT_VECTOR_SYSCALL; }

// entry.h: a system call's number is where exceptions have their error code.
void endRestart(Frame &F, bool HasHandler, uint64_t HandlerFlags) {
  if (!isSyscall(F) || !isRestart(F.rax))
    return;
  enum : uint64_t { SYS_restart_syscall = 219 };
  auto Result = -static_cast<int64_t>(F.rax);
  bool Again = !HasHandler || Result == ERESTARTNOINTR ||
               (Result == ERESTARTSYS && (HandlerFlags & SA_RESTART));
  if (!Again)
    F.rax = -EINTR;
  else
    beginAgain(F,
               Result == ERESTART_RESTARTBLOCK ? SYS_restart_syscall : F.error);
}

// Starts the handler of a signal that has been taken.
void startHandler(Frame &F, const Action &A, const Info &I) {
  ThreadState &S = stateOf(thread::current());
  Set Mask = S.HasSaved ? S.Saved : S.Blocked;
  endRestart(F, true, A.Flags);
  if (!signal_frame::push(F, A, I, Mask)) {
    if (I.Signo == SIGSEGV)
      process::kill(SIGSEGV, "no stack for its SIGSEGV handler, at rsp 0x%lx",
                    F.rsp);
    return badFrame("no stack for a signal handler");
  }
  S.HasSaved = false;
  setBlocked(thread::current(),
             S.Blocked | A.Mask | (A.Flags & SA_NODEFER ? 0 : bit(I.Signo)));
}

} // namespace

bool send(Process &P, int Tid, const Info &I, Queued *Q) {
  Queued *Unused = Q;
  bool Found;
  {
    cpu::LockGuard Guard(process::StateLock);
    Found = sendLocked(P, Tid, I, Unused);
  }
  if (Found && I.Signo == SIGKILL)
    process::endBySignal(P, SIGKILL);
  if (Unused && Unused->OfHeap)
    heap::destroy(Unused);
  return Found;
}

void raise(int Signal) {
  Info I;
  I.Signo = Signal;
  I.Code = SI_KERNEL;
  const Thread &T = thread::current();
  send(*T.Owner, T.Id, I, nullptr);
}

void fault(const Frame &F, const Fault &What, const char *Format, ...) {
  Thread &T = thread::current();
  Process &P = *T.Owner;
  char Reason[160];
  va_list Arguments;
  va_start(Arguments, Format);
  formatV(Reason, sizeof(Reason), Format, Arguments);
  va_end(Arguments);

  stateOf(T).Trap = F.vector;
  stateOf(T).Error = F.error;
  if (F.vector == PageFaultVector)
    stateOf(T).Address = What.Address;
  Info I;
  I.Signo = What.Signal;
  I.Code = What.Code;
  I.Fields[0] = What.Address;
  Queued *Q = heap::make<Queued>();
  bool HasHandler;
  {
    cpu::LockGuard Guard(process::StateLock);
    const Action &A = P.Signals.Actions[What.Signal - 1];
    HasHandler = A.Handler != SIG_DFL && A.Handler != SIG_IGN &&
                 !(stateOf(T).Blocked & bit(What.Signal));
    if (HasHandler) {
      if (Q)
        Q->OfHeap = true;
      if (add(stateOf(T).Own, I, Q))
        Q = nullptr;
      setInterrupted(T, true);
    }
  }
  if (Q)
    heap::destroy(Q);
  if (HasHandler)
    return;
  if (strace::On)
    strace::signal(What.Signal, What.Address);
  process::kill(What.Signal, "%s", Reason);
}

void badFrame(const char *What) {
  Thread &T = thread::current();
  fault(*T.frame(), {SIGSEGV, SI_KERNEL, 0}, "%s, at rsp 0x%lx", What,
        T.frame()->rsp);
}

void setMask(Set Blocked) { setBlocked(thread::current(), Blocked); }

void setTemporaryMask(Set Blocked) {
  ThreadState &S = stateOf(thread::current());
  S.Saved = S.Blocked;
  S.HasSaved = true;
  setMask(Blocked);
}

Set pending() {
  cpu::LockGuard Guard(process::StateLock);
  const Thread &T = thread::current();
  return stateOf(T).Own.Signals | T.Owner->Signals.Shared.Signals;
}

void await(Set Wanted) {
  cpu::LockGuard Guard(process::StateLock);
  Thread &T = thread::current();
  stateOf(T).Awaited = Wanted;
  recompute(T);
}

// In one step: what is sent before was meant for this thread, what is sent
// after finds another.
bool takeAwaited(Info &I) {
  Queued *Unused = nullptr;
  bool Taken;
  {
    cpu::LockGuard Guard(process::StateLock);
    Thread &T = thread::current();
    Set Wanted = stateOf(T).Awaited;
    stateOf(T).Awaited = 0;
    Taken = takeLocked(T, Wanted, I, Unused);
    if (T.Owner->Signals.Shared.Signals & Wanted)
      retargetLocked(*T.Owner);
  }
  if (Unused)
    heap::destroy(Unused);
  return Taken;
}

Action action(int Signal) {
  cpu::LockGuard Guard(process::StateLock);
  return process::current()->Signals.Actions[Signal - 1];
}

void setAction(int Signal, const Action &A) {
  Process &P = *process::current();
  Queued *Unused = nullptr;
  {
    cpu::LockGuard Guard(process::StateLock);
    P.Signals.Actions[Signal - 1] = A;
    P.Signals.Actions[Signal - 1].Mask &= ~Unblockable;
    if (isIgnored(P, Signal)) {
      discardIgnored(P.Signals.Shared, bit(Signal), Unused);
      for (Thread *T = P.Threads; T; T = T->NextInProcess)
        discardIgnored(stateOf(*T).Own, bit(Signal), Unused);
    }
  }
  freeAll(Unused);
}

bool isPending(const Frame &F) {
  const ThreadState &S = stateOf(thread::current());
  return __atomic_load_n(&S.Interrupted, __ATOMIC_SEQ_CST) || S.HasSaved ||
         (isSyscall(F) && isRestart(F.rax));
}

void deliver(Frame &F) {
  Thread &T = thread::current();
  Process &P = *T.Owner;
  // The call has ended by itself: its own mask ends with it.
  if (stateOf(T).HasSaved && !(isSyscall(F) && isRestart(F.rax))) {
    stateOf(T).HasSaved = false;
    setMask(stateOf(T).Saved);
  }
  Info I;
  Action A;
  Queued *Unused = nullptr;
  bool Taken;
  {
    cpu::LockGuard Guard(process::StateLock);
    Taken = takeLocked(T, ~stateOf(T).Blocked, I, Unused);
    if (Taken) {
      A = P.Signals.Actions[I.Signo - 1];
      if (isIgnored(P, I.Signo))
        A.Handler = SIG_IGN;
      else if (A.Handler != SIG_DFL && (A.Flags & SA_RESETHAND))
        P.Signals.Actions[I.Signo - 1].Handler = SIG_DFL;
    }
  }
  if (Unused)
    heap::destroy(Unused);
  if (!Taken) {
    endRestart(F, false, 0);
    if (stateOf(T).HasSaved) {
      stateOf(T).HasSaved = false;
      setMask(stateOf(T).Saved);
    }
    return;
  }
  // Exceptions have an address; what programs send does not.
  if (strace::On && A.Handler != SIG_IGN)
    strace::signal(I.Signo, I.Code > 0 ? I.Fields[0] : 0);
  if (A.Handler == SIG_DFL)
    process::kill(I.Signo, "%s", senderOf(I));
  if (A.Handler != SIG_IGN)
    startHandler(F, A, I);
}

void discard(Pending &P) {
  Queued *Unused = nullptr;
  {
    cpu::LockGuard Guard(process::StateLock);
    discardIgnored(P, ~0ull, Unused);
  }
  freeAll(Unused);
}

void retarget(Process &P) {
  cpu::LockGuard Guard(process::StateLock);
  retargetLocked(P);
}

} // namespace signal
