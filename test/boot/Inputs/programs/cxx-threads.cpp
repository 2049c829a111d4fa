// C++ over threads: thread_local objects with constructors and destructors,
// exceptions within and across threads, std::thread, std::async, mutexes, condition
// variables, call_once, atomics that wait. Prints the same anywhere.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<int> Constructed, Destroyed;

struct Object {
  std::string Text = "built by thread-local constructor " + std::to_string(++Constructed);
  std::vector<int> Numbers = std::vector<int>(100, 7);
  ~Object() {
    if (Text.rfind("built", 0) == 0 && Numbers.size() >= 100)
      ++Destroyed;
  }
};
thread_local Object Mine;
thread_local std::array<char, 100000> Large{};
thread_local int Depth = 0;

struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};

int descend(int N) {
  Object *Before = &Mine;
  ++Depth;
  struct Unwound {
    ~Unwound() { --Depth; }
  } U;
  if (N == 0)
    throw Error("from the deep");
  int R = descend(N - 1);
  return R + (Before == &Mine);
}

int work(int Id) {
  Mine.Numbers.push_back(Id);
  Large[Id] = 1;
  int Caught = 0;
  for (int I = 0; I != 50; ++I) {
    try {
      descend(I % 10);
    } catch (const Error &E) {
      try {
        throw std::string(E.what());
      } catch (const std::string &S) {
        Caught += S == "from the deep" && std::current_exception() != nullptr;
      }
    }
    if (I % 10 == 0)
      std::this_thread::yield();
  }
  return Caught + Depth + (std::uncaught_exceptions() == 0 ? 0 : 1000);
}

} // namespace

int main() {
  std::vector<std::thread> Threads;
  std::array<int, 6> Results{};
  for (int I = 0; I != 6; ++I)
    Threads.emplace_back([I, &Results] { Results[I] = work(I); });
  for (std::thread &T : Threads)
    T.join();
  int Sum = 0;
  for (int R : Results)
    Sum += R;
  std::printf("threads: caught %d of 300, constructed %d, destroyed %d\n", Sum, Constructed.load(),
              Destroyed.load());

  auto Good = std::async(std::launch::async, [] { return work(1); });
  auto Bad = std::async(std::launch::async, []() -> int { throw Error("across threads"); });
  std::string What;
  try {
    Bad.get();
  } catch (const Error &E) {
    What = E.what();
  }
  std::printf("async: %d, exception '%s'\n", Good.get(), What.c_str());

  std::promise<std::exception_ptr> P;
  std::thread([&P] {
    try {
      descend(3);
    } catch (...) {
      P.set_value(std::current_exception());
    }
  }).join();
  try {
    std::rethrow_exception(P.get_future().get());
  } catch (const std::exception &E) {
    std::printf("rethrown: %s\n", E.what());
  }

  std::mutex M;
  std::condition_variable C;
  int Turn = 0;
  std::thread Ping([&] {
    for (int I = 0; I != 200; ++I) {
      std::unique_lock L(M);
      C.wait(L, [&] { return Turn % 2 == 0; });
      ++Turn;
      C.notify_one();
    }
  });
  for (int I = 0; I != 200; ++I) {
    std::unique_lock L(M);
    C.wait(L, [&] { return Turn % 2 == 1; });
    ++Turn;
    C.notify_one();
  }
  Ping.join();
  std::unique_lock L(M);
  bool Early = C.wait_for(L, std::chrono::milliseconds(5)) == std::cv_status::no_timeout &&
               Turn == -1;
  std::once_flag Once;
  int Times = 0;
  for (int I = 0; I != 3; ++I)
    std::call_once(Once, [&] { ++Times; });
  std::shared_mutex S;
  {
    std::shared_lock A(S), B(S);
  }
  std::printf("condition variable: %d turns, early %d, once %d\n", Turn, Early, Times);
  std::printf("end: constructed %d, destroyed %d\n", Constructed.load(), Destroyed.load());
}
