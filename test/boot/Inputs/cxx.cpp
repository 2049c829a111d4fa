// Ordinary C++ in a static program: thread_local objects with constructors and
// destructors, exceptions, threads, mutex and condition variable.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex Lock;
std::condition_variable Changed;
int Alive, Ended, Started;

struct Counted {
  std::vector<int> Values{1, 2, 3};
  Counted() {
    std::lock_guard<std::mutex> Guard(Lock);
    ++Alive;
  }
  ~Counted() {
    std::lock_guard<std::mutex> Guard(Lock);
    --Alive;
    ++Ended;
  }
};
thread_local Counted Mine;
thread_local const std::string Name = "thread local";

int deep(int N) {
  if (N == 0)
    throw std::runtime_error("from the deep");
  return deep(N - 1) + 1;
}

void work(int N, std::string &Result) {
  Mine.Values.push_back(N);
  try {
    deep(20);
  } catch (const std::exception &E) {
    Result = Name + " " + E.what() + " " + std::to_string(Mine.Values[3]);
  }
  // All threads are alive at one time.
  std::unique_lock<std::mutex> Guard(Lock);
  ++Started;
  Changed.notify_all();
  Changed.wait(Guard, [] { return Started == 4; });
}

} // namespace

int main() {
  std::string Results[4];
  std::vector<std::thread> Threads;
  for (int I = 0; I != 4; ++I)
    Threads.emplace_back(work, I, std::ref(Results[I]));
  for (std::thread &T : Threads)
    T.join();
  for (const std::string &R : Results)
    std::cout << R << "\n";
  std::cout << "alive " << Alive << ", ended " << Ended << "\n";
  return 0;
}
