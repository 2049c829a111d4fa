// A world in C++ with all of its run-time library: exceptions, RTTI,
// thread_local and static objects, iostreams, threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <unistd.h>
#include <vector>

namespace {
std::atomic<long> Errors, Ended, Sum;

#define EXPECT(Condition)                                                      \
  do {                                                                         \
    if (!(Condition)) {                                                        \
      ++Errors;                                                                \
      dprintf(2, "world in C++: line %d: %s\n", __LINE__, #Condition);         \
    }                                                                          \
  } while (0)

// Made before any call, and ended with the world.
struct Named {
  std::map<std::string, int> Numbers = {{"one", 1}, {"two", 2}};
  ~Named() { std::cout << "world: static object ended" << std::endl; }
} Table;

struct Local {
  std::string Text = "a thread's";
  ~Local() {
    EXPECT(Text == "a thread's own");
    ++Ended;
  }
};
thread_local Local Mine;

struct Base {
  virtual ~Base() = default;
};
struct Derived : Base {
  int Value = 5;
};
struct Guard {
  int &Count;
  ~Guard() { ++Count; }
};

[[noreturn]] void throwAt(int Depth, int &Unwound) {
  Guard G{Unwound};
  if (Depth)
    throwAt(Depth - 1, Unwound);
  throw std::runtime_error("thrown " + std::to_string(Unwound));
}

void checkExceptions() {
  int Unwound = 0;
  try {
    throwAt(20, Unwound);
  } catch (const std::exception &E) {
    EXPECT(Unwound == 21 && std::string(E.what()) == "thrown 0");
    EXPECT(dynamic_cast<const std::runtime_error *>(&E));
  }
  try {
    try {
      (void)std::string().at(7);
    } catch (...) {
      throw;
    }
  } catch (const std::out_of_range &E) {
    EXPECT(typeid(E) == typeid(std::out_of_range));
  }
  std::unique_ptr<Base> Object = std::make_unique<Derived>();
  EXPECT(dynamic_cast<Derived *>(Object.get())->Value == 5);
  try {
    (void)dynamic_cast<std::runtime_error &>(
        reinterpret_cast<std::exception &>(static_cast<std::exception &>(
            *std::make_unique<std::logic_error>(""))));
    EXPECT(false);
  } catch (const std::bad_cast &) {
  }
}

void checkStreams() {
  std::ostringstream Out;
  Out << 1.5 << ' ' << std::hex << 255 << ' ' << Table.Numbers["two"];
  EXPECT(Out.str() == "1.5 ff 2");
  std::istringstream In("12 text");
  int Number;
  std::string Word;
  EXPECT(In >> Number >> Word && Number == 12 && Word == "text");
}

void work() {
  static std::once_flag Once;
  static std::atomic<int> Onces;
  std::call_once(Once, [] { ++Onces; });
  EXPECT(Onces == 1);
  if (Mine.Text == "a thread's")
    Mine.Text += " own";
  checkExceptions();
  checkStreams();
}

void makeThreads(long Count) {
  std::vector<std::thread> Threads;
  long Before = Ended;
  for (long I = 0; I < Count; ++I)
    Threads.emplace_back([I] {
      work();
      try {
        throw I;
      } catch (long Value) {
        Sum += Value;
      }
    });
  for (std::thread &T : Threads)
    T.join();
  EXPECT(Ended >= Before + Count); // of this thread's; others come and go
  std::future<int> Future =
      std::async(std::launch::async, []() -> int { throw 17; });
  try {
    Future.get();
    EXPECT(false);
  } catch (int Value) {
    EXPECT(Value == 17);
  }
  std::mutex Mutex;
  std::condition_variable Changed;
  bool Go = false, Done = false;
  std::jthread Other([&] {
    std::unique_lock Lock(Mutex);
    Changed.wait(Lock, [&] { return Go; });
    Done = true;
    Changed.notify_all();
  });
  std::unique_lock Lock(Mutex);
  Go = true;
  Changed.notify_all();
  Changed.wait(Lock, [&] { return Done; });
}

long makeRounds(long Count) {
  for (long I = 0; I < Count; ++I) {
    work();
    makeThreads(6);
  }
  return Errors;
}

long checkEnds(long) {
  EXPECT(Ended > 0 && Sum > 0);
  return Errors;
}

long callBack(long Function) {
  long Result = 0;
  std::thread([&] {
    Result = reinterpret_cast<long (*)(long)>(Function)(gettid());
  }).join();
  return Result;
}

long escape(long IsInThread) {
  if (IsInThread)
    std::thread([] { throw std::runtime_error("not caught"); }).join();
  throw std::runtime_error("not caught");
}
} // namespace

extern "C" const void *const world_functions[] = {
    reinterpret_cast<const void *>(makeRounds),
    reinterpret_cast<const void *>(checkEnds),
    reinterpret_cast<const void *>(callBack),
    reinterpret_cast<const void *>(escape)};
