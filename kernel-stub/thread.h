// Kernel threads, with or without a program's thread on top, and the scheduler:
// round robin, preempted by the timer at any instruction that has interrupts on
// and no PreemptGuard.
//
// One processor runs threads so far: "interrupts off" is the scheduler's lock.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_THREAD_H
#define STUB_THREAD_H

#include "frame.h"
#include <stddef.h>
#include <stdint.h>

class Process;

struct Thread {
  enum State : uint8_t { Free, Ready, Running, Blocked, Dead };

  uint64_t Rsp; // while it does not run
  mode::Bases Bases;
  void *ExtendedState;
  uint64_t StackTop;
  int Id;
  State S;
  Process *Owner; // null: no program
  Thread *Next;   // in the list that S says
  const void *WaitKey;
  uint64_t WakeTime; // timer::now(), or NoDeadline
  bool TimedOut;
  uint64_t ClearChildTid; // see set_tid_address(2)
  uint64_t NumSyscalls;   // the same as counted in TLS: see trace.h

  // The frame by which it goes to the program.
  Frame *frame() const {
    return reinterpret_cast<Frame *>(StackTop - sizeof(Frame));
  }
};

namespace thread {

constexpr unsigned MaxThreads = 128;
constexpr uint64_t NoDeadline = ~0ull;

// Makes the code that is running, on the boot stack, the first thread. It is
// the idle thread: it should start others and then call idle().
void init();
[[noreturn]] void idle();

// The running thread: a thread-local.
Thread &current();
// Whether it is a thread at all: thread-locals can be destroyed in the modes
// that share FS. Reads no memory through the pointer.
bool isCurrentSane();

// Makes a kernel thread, not started. Null: no memory, or too many. Owner is
// null or the program that it will run.
Thread *create(void (*Function)(void *), void *Argument, Process *Owner);
// Lets a new thread run. Function null: it goes to the program by its frame().
void start(Thread &T);
// Undoes create, before start.
void discard(Thread &T);

// Ends the running thread.
[[noreturn]] void end();
// Frees what ended threads had.
void reap();

// Lets others run. The running thread stays ready.
void yield();

// Blocks until wake(Key), or Deadline. Interrupts must be off, since before the
// caller checked what it waits for. False: the deadline passed.
bool wait(const void *Key, uint64_t Deadline = NoDeadline);
// Wakes at most Max threads that wait for Key. Returns how many.
unsigned wake(const void *Key, unsigned Max = ~0u);
// Wakes all blocked threads of a program.
void wakeAll(const Process &P);
// Wakes a thread if it waits, whatever for; if it runs on another processor, it
// enters the kernel soon. For what process::interrupted() asks about.
void interrupt(Thread &T);
// Makes at most Max threads that wait for From wait for To instead.
unsigned requeue(const void *From, const void *To, unsigned Max);

// From the timer interrupt: wakes sleepers, asks for a switch.
void tick();

// At the end of an interrupt: switches if a switch was asked for and is
// allowed.
void preempt();

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
