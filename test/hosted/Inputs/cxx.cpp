// thread_local objects whose destructors call functions of the C library, in
// threads that come and go, and in the main thread.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

static std::mutex Mutex;
static long Sum, Ended;

struct Local {
  std::string Text = "thread";
  long Value = 0;
  ~Local() {
    int Fd = open("/dev/null", O_WRONLY);
    if (write(Fd, Text.data(), Text.size()) != ssize_t(Text.size()))
      std::abort();
    close(Fd);
    std::lock_guard Lock(Mutex);
    Sum += Value;
    ++Ended;
  }
};
static thread_local Local Mine;

// A key whose destructor calls, and sets the key again: it runs in most rounds.
static pthread_key_t Key;
static void endKey(void *Value) {
  if (!getenv("PATH"))
    std::abort();
  long Round = long(Value);
  if (Round < 3)
    pthread_setspecific(Key, (void *)(Round + 1));
}

int main() {
  pthread_key_create(&Key, endKey);
  for (int Round = 0; Round < 20; ++Round) {
    std::vector<std::thread> Threads;
    for (int I = 0; I < 8; ++I)
      Threads.emplace_back([I] {
        pthread_setspecific(Key, (void *)1);
        for (int J = 0; J < 50; ++J)
          try {
            Mine.Value += I;
            if (J % 10 == 0)
              throw std::runtime_error("caught");
          } catch (const std::runtime_error &E) {
            Mine.Text = E.what();
            getenv("HOME");
          }
      });
    for (auto &T : Threads)
      T.join();
  }
  Mine.Value = 1;
  std::printf("%ld of %ld\n", Sum, Ended);
}
