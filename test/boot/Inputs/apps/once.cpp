// std::call_once of a program for the kernel's own loader, out of the system's
// headers: its inline part stores to __once_callable and __once_call behind FS,
// and __once_proxy, in the kernel's libstdc++, reads them behind GS.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <errno.h>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

namespace {

constexpr int NumThreads = 6, NumTurns = 100;

std::once_flag Shared;
int NumRuns;
thread_local int Own = 5;

intptr_t check(int Turn) {
  std::once_flag Flag;
  int Value = 0;
  for (int I = 0; I != 3; ++I)
    std::call_once(
        Flag,
        [&Value](int Number) {
          sched_yield(); // others make calls of their own meanwhile
          Value += Number + Own;
        },
        Turn);
  if (Value != Turn + 5)
    return 1;
  errno = 0;
  if (close(-1) != -1 || errno != EBADF)
    return 2;
  return 0;
}

void *run(void *) {
  std::call_once(Shared, [] {
    for (int I = 0; I != 20; ++I)
      sched_yield();
    ++NumRuns;
  });
  if (NumRuns != 1)
    return reinterpret_cast<void *>(3);
  for (int Turn = 0; Turn != NumTurns; ++Turn)
    if (intptr_t Bad = check(Turn))
      return reinterpret_cast<void *>(Bad);
  return nullptr;
}

} // namespace

int main() {
  pthread_t Threads[NumThreads];
  for (pthread_t &T : Threads)
    if (pthread_create(&T, nullptr, run, nullptr))
      return 10;
  for (pthread_t T : Threads) {
    void *Result;
    if (pthread_join(T, &Result))
      return 11;
    if (Result)
      return reinterpret_cast<intptr_t>(Result);
  }
  static const char Text[] = "called once\n";
  return write(1, Text, sizeof(Text) - 1) == sizeof(Text) - 1 ? 0 : 12;
}
