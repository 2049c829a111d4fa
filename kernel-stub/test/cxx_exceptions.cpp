// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/timer.h"
#include "test/cxx_tests.h"
#include "test/selftest.h"
#include "thread/thread.h"
#include <exception>
#include <new>
#include <typeinfo>

namespace {

struct Failure : std::exception {
  explicit Failure(unsigned Value) : Value(Value) {}
  const char *what() const noexcept override { return "failure"; }
  unsigned Value;
};

// A local object of a frame that an exception passes. Its destructor counts,
// lets another thread run, and throws and catches an exception of its own.
class Local {
public:
  Local(unsigned &Count, int Uncaught) : Count(Count), Uncaught(Uncaught) {}
  ~Local() {
    ++Count;
    CHECK(std::uncaught_exceptions() == Uncaught);
    thread::yield();
    try {
      throw Count;
    } catch (unsigned C) {
      CHECK(C == Count);
      CHECK(std::uncaught_exceptions() == Uncaught);
    }
    CHECK(std::uncaught_exceptions() == Uncaught);
  }

private:
  unsigned &Count;
  int Uncaught;
};

[[gnu::noinline]] void descend(unsigned Depth, unsigned &Count,
                               unsigned Value) {
  Local L(Count, 1);
  if (!Depth)
    throw Failure(Value);
  descend(Depth - 1, Count, Value);
  CHECK(!"came back from a function that throws");
}

void throughFrames(unsigned Value) {
  unsigned Count = 0;
  try {
    descend(7, Count, Value);
    CHECK(!"went on after a throw");
  } catch (const std::exception &E) {
    thread::yield();
    CHECK(std::uncaught_exceptions() == 0);
    CHECK(dynamic_cast<const Failure &>(E).Value == Value);
  }
  CHECK(Count == 8);
}

void nested(unsigned Value) {
  try {
    throw Failure(Value);
  } catch (const Failure &Outer) {
    try {
      throw Failure(Value + 1);
    } catch (const Failure &Inner) {
      thread::yield();
      CHECK(Inner.Value == Value + 1);
    }
    CHECK(Outer.Value == Value);
    // The inner one is gone: the current one is the outer one again.
    try {
      throw;
    } catch (const Failure &Again) {
      CHECK(&Again == &Outer);
    }
  }
  CHECK(!std::current_exception());
}

void pointers(unsigned Value) {
  std::exception_ptr Kept;
  try {
    throw Failure(Value);
  } catch (...) {
    Kept = std::current_exception();
  }
  CHECK(!std::current_exception());
  for (unsigned I = 0; I != 2; ++I)
    try {
      thread::yield();
      std::rethrow_exception(Kept);
    } catch (const Failure &F) {
      CHECK(F.Value == Value);
      CHECK(std::current_exception() == Kept);
    }
  try {
    std::rethrow_exception(std::make_exception_ptr(Value));
  } catch (unsigned V) {
    CHECK(V == Value);
  }
}

// Exceptions that code in libstdc++.a throws.
void ofLibrary() {
  bool NoMemory = false;
  try {
    // Not a new-expression, which the compiler may leave out.
    ::operator delete(::operator new(1 << 30));
  } catch (const std::bad_alloc &) {
    NoMemory = true;
  }
  CHECK(NoMemory);

  bool WrongType = false;
  struct Other : std::exception {
  } O;
  std::exception &E = O;
  asm("" : : "r"(&E) : "memory");
  try {
    CHECK(dynamic_cast<Failure &>(E).Value == 0);
  } catch (const std::bad_cast &) {
    WrongType = true;
  }
  CHECK(WrongType);
}

constexpr unsigned HandedFrom = 1;
std::exception_ptr Handed;
uint64_t LastTick;
unsigned InHandler;
bool WereTogether;

// Each thread has its own stack of caught exceptions, while several of them are
// in their handlers: on a slow host that may take more than the hundred ticks.
void together(unsigned Value) {
  try {
    throw Failure(Value);
  } catch (const Failure &F) {
    if (__atomic_add_fetch(&InHandler, 1, __ATOMIC_RELAXED) > 1)
      __atomic_store_n(&WereTogether, true, __ATOMIC_RELAXED);
    thread::yield();
    __atomic_sub_fetch(&InHandler, 1, __ATOMIC_RELAXED);
    try {
      throw;
    } catch (const Failure &Again) {
      CHECK(&Again == &F);
      CHECK(Again.Value == Value);
    }
  }
}

void inThread(unsigned Index) {
  for (unsigned Value = Index;
       __atomic_load_n(&timer::Ticks, __ATOMIC_RELAXED) < LastTick ||
       !__atomic_load_n(&WereTogether, __ATOMIC_RELAXED);
       Value += cxx_test::MaxThreads) {
    throughFrames(Value);
    nested(Value);
    pointers(Value);
    together(Value);
  }
  if (Index == HandedFrom)
    Handed = std::make_exception_ptr(Failure(Index));
}

unsigned NumRunning;
void (*ThreadFunction)(unsigned);

} // namespace

void cxx_test::runThreads(unsigned Count, void (*Function)(unsigned Index)) {
  ThreadFunction = Function;
  NumRunning = Count;
  for (unsigned I = 0; I != Count; ++I) {
    auto Start = [](void *Index) {
      ThreadFunction(reinterpret_cast<size_t>(Index));
      __atomic_sub_fetch(&NumRunning, 1, __ATOMIC_RELAXED);
    };
    Thread *T =
        thread::create(Start, reinterpret_cast<void *>(size_t(I)), nullptr);
    if (!CHECK(T != nullptr))
      return;
    thread::start(*T);
  }
  while (__atomic_load_n(&NumRunning, __ATOMIC_RELAXED))
    thread::yield();
}

int cxx_test::exceptions() {
  throughFrames(1);
  nested(2);
  pointers(3);
  ofLibrary();

  LastTick = timer::Ticks + 100;
  runThreads(4, inThread); // which does not end before they were together

  // The exception outlives the thread that threw it.
  unsigned HandedValue = 0;
  try {
    std::rethrow_exception(Handed);
  } catch (const Failure &F) {
    HandedValue = F.Value;
  }
  CHECK(HandedValue == HandedFrom);
  return selftest::hasFailed();
}

int cxx_test::uncaught() { throw Failure(0); }
