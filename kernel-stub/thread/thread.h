// Kernel threads, with or without a program's thread on top: their life, and
// how they wait for each other. Any processor runs any thread (scheduler.h).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_THREAD_H
#define STUB_THREAD_H

#include "cpu/frame.h"
#include "device/timer.h"
#include "thread/program.h"
#include <stddef.h>
#include <stdint.h>

class Process;
struct Cpu;

namespace thread {

constexpr unsigned MaxThreads = 4096; // as far as memory lasts
using timer::NoDeadline;

enum class WaitResult : uint8_t {
  Woken,
  TimedOut,
  Interrupted, // see WaitOptions
  Changed,     // a Ticket was old: it did not wait
};

} // namespace thread

// A system call that restart_syscall(2) goes on with.
struct Restart {
  enum Kind : uint8_t { Nothing, Sleep, Futex } What;
  uint64_t Deadline; // timer::now()
  uint64_t Address;  // of the futex; or where the rest of the sleep goes
  uint32_t Value;    // of the futex
};

struct Thread {
  enum State : uint8_t { New, Ready, Running, Blocked, Dead };

  uint64_t Rsp; // while it does not run
  mode::Bases Bases;
  void *ExtendedState;
  uint64_t ExtensionSize; // thread_memory::extend
  uint64_t StackTop;
  int Id;
  Process *Owner; // null: no program

  // Where it may run, a bit for each processor; where it runs, or ran last; and
  // where it has run.
  uint32_t Affinity;
  uint32_t CpuId;
  uint32_t CpusUsed;

  // The scheduler's. A thread that was made ready while its stack is still in
  // use is run by no processor but that one.
  State S;
  bool OnCpu;
  bool IsLeaving; // its processor may not run it any more: to be moved
  Thread *Next;   // in a run queue, or of ended threads

  // What it waits for: WaitKey's bucket protects these (wait.cpp).
  const void *WaitKey;
  Thread *WaitNext, *WaitPrevious;
  uint32_t WaitBits;
  bool IsInterruptible;
  thread::WaitResult Result;
  // Sleepers.
  uint64_t WakeTime;  // timer::now(), or NoDeadline
  uint32_t HeapIndex; // 0: in no heap

  // Of all threads with the same hash of Id.
  Thread *IdNext;

  uint64_t ClearChildTid; // see set_tid_address(2)
  uint64_t NumSyscalls;   // the same as counted in TLS: see trace.h
  uint64_t RobustList;    // see set_robust_list(2)
  char Name[16];          // see PR_SET_NAME
  int8_t Nice;            // see setpriority(2): told, and of no effect
  Restart Again;
  uint64_t CpuTime, RunningSince; // nanoseconds; timer::now()
  Thread *NextInProcess;          // see Process::Threads
  // The room's that runs programs (program.h): zeros at first.
  alignas(8) char ProgramState[104];

  // The frame by which it goes to the program.
  Frame *frame() const {
    return reinterpret_cast<Frame *>(StackTop - sizeof(Frame));
  }
};

namespace thread {

// Makes the code that is running, on the boot stack, the first thread: the idle
// thread of the boot processor. It should start others and then call idle().
void init();

// The running thread: a thread-local.
Thread &current();
// Whether it is a thread at all: thread-locals can be destroyed in the modes
// that share FS. Reads no memory through the pointer.
bool isCurrentSane();

// Makes a kernel thread, not started. Null: no memory, or too many. Owner is
// null or the program that it will run.
Thread *create(void (*Function)(void *), void *Argument, Process *Owner);
// The idle thread of another processor, which comes to life as boot.S has it.
Thread *createIdle(const Cpu &C);
// Lets a new thread run. Function null: it goes to the program by its frame().
void start(Thread &T);
// Undoes create, before start.
void discard(Thread &T);

// Ends the running thread.
[[noreturn]] void end();
// Frees what ended threads had.
void reap();
// Waits until the program's threads, which are all about to end, have: until no
// processor uses their thread-locals, which can be in the program's memory.
void waitForEndOfAll(const Process &P);

// Lets others run. The running thread stays ready.
void yield();

// --- Waiting ----------------------------------------------------------------
//
// A thread waits for a key: the address of whatever it is that has to happen.
// Between its look at the condition and its sleep no wake may be lost. Either
//
//  - a spin lock protects the condition. The waker changes it under the lock,
//  and
//    calls wake() under it or after:
//
//        cpu::LockGuard Guard(L);
//        while (!Condition)
//          if (thread::wait(&Condition, L, Options) != WaitResult::Woken) ...
//
//  - or, where the look takes page faults or other locks, a ticket is taken
//  before
//    it. If someone has called wake() since, wait() returns Changed at once:
//
//        for (;;) {
//          Ticket T = thread::ticket(&Condition);
//          if (Condition) break; // with whatever locks; none is held below
//          thread::wait(&Condition, T, Options); // look again, whatever it
//          returns
//        }
//
// A thread is woken once for each wake that counts it, and for no other reason;
// Changed also comes of a wake of another key.

struct WaitOptions {
  uint64_t Deadline = NoDeadline; // timer::now()
  // Ends when process::interrupted(). A wait of a program's thread that can
  // last must be so, or the program cannot be ended.
  bool Interruptible = false;
  uint32_t Bits = ~0u; // a wake with none of these does not wake it
};

// Releases Held, which must be taken with interrupts off (as by LockGuard),
// while it waits.
WaitResult wait(const void *Key, cpu::Lock &Held,
                const WaitOptions &Options = {});

struct Ticket {
  uint64_t Sequence;
};
Ticket ticket(const void *Key);
WaitResult wait(const void *Key, Ticket T, const WaitOptions &Options = {});

// Wakes at most Max threads that wait for Key, the longest waiting first.
// Returns how many. From anywhere but an NMI.
unsigned wake(const void *Key, unsigned Max = ~0u, uint32_t Bits = ~0u);
// Makes at most Max threads that wait for From wait for To instead.
unsigned requeue(const void *From, const void *To, unsigned Max);

// For what process::interrupted() asks about, after it has become true: ends
// the thread's wait if that is interruptible; if it runs on another processor,
// it enters the kernel soon. T must not end meanwhile: see withThread.
void interrupt(Thread &T);
// All threads of a program.
void interruptAll(const Process &P);

// --- All threads
// --------------------------------------------------------------

// Calls Function(Argument, T) for the thread with this id. It does not end
// meanwhile; Function must not wait. False: there is none.
bool withThread(int Id, void (*Function)(void *, Thread &), void *Argument);
// The same for each thread of a program.
void forEach(const Process &P, void (*Function)(void *, Thread &),
             void *Argument);

// The same with a lambda.
template <typename F> bool withThread(int Id, F &&Function) {
  return withThread(
      Id, [](void *A, Thread &T) { (*static_cast<F *>(A))(T); },
      const_cast<void *>(static_cast<const volatile void *>(&Function)));
}
template <typename F> void forEach(const Process &P, F &&Function) {
  forEach(
      P, [](void *A, Thread &T) { (*static_cast<F *>(A))(T); },
      const_cast<void *>(static_cast<const volatile void *>(&Function)));
}

// Where a thread may run; a bit for each processor, at least one that exists.
void setAffinity(Thread &T, uint32_t Mask);

size_t numThreads();

// Bytes below the thread pointer of a thread that exist; for modes in which the
// program's TLS goes there.
uint64_t sharedTlsRoom();

// The running thread is not preempted while it lives. Interrupts still come.
class PreemptGuard {
public:
  PreemptGuard();
  ~PreemptGuard();
  PreemptGuard(const PreemptGuard &) = delete;
  PreemptGuard &operator=(const PreemptGuard &) = delete;
};

} // namespace thread

#endif
