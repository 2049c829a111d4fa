// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/cxx_tests.h"
#include "test/selftest.h"
#include "thread/thread.h"
#include <mutex>

namespace {

std::once_flag Contended;
unsigned NumRuns;
bool Finished[cxx_test::MaxThreads];

// The first thread's call lets the others run, which wait for its end.
void contend(unsigned Index) {
  std::call_once(Contended, [] {
    for (unsigned I = 0; I != 10; ++I)
      thread::yield();
    ++NumRuns;
  });
  Finished[Index] = NumRuns == 1;
}

} // namespace

int cxx_test::callOnce() {
  std::once_flag Flag;
  int Sum = 0;
  for (int I = 1; I != 4; ++I)
    std::call_once(Flag, [&Sum](int Value) { Sum += Value; }, I);
  CHECK(Sum == 1);

  // A call that throws does not count, and the exception comes out.
  std::once_flag ThrowingFlag;
  int NumCalls = 0, NumCaught = 0;
  for (int I = 0; I != 4; ++I)
    try {
      std::call_once(ThrowingFlag, [&NumCalls] {
        if (++NumCalls < 3)
          throw NumCalls;
      });
    } catch (int Value) {
      CHECK(Value == ++NumCaught);
    }
  CHECK(NumCalls == 3);
  CHECK(NumCaught == 2);

  // One call within another, of another flag.
  std::once_flag Outer, Inner;
  int Order = 0;
  std::call_once(Outer, [&] {
    std::call_once(Inner, [&] { Order = 1; });
    Order = Order * 10 + 2;
  });
  CHECK(Order == 12);

  constexpr unsigned NumThreads = 4;
  runThreads(NumThreads, contend);
  CHECK(NumRuns == 1);
  for (unsigned I = 0; I != NumThreads; ++I)
    CHECK(Finished[I]);
  return selftest::hasFailed();
}
