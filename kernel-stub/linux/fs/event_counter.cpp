// eventfd(2).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/log.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/pipe.h"
#include "thread/mutex.h"

namespace {

class EventCounter final : public Node {
public:
  EventCounter(uint64_t Count, bool Semaphore)
      : Node(0600), Count(Count), Semaphore(Semaphore) {
    Info.Device = 5;
  }

  bool isStream() override { return true; }

  int64_t read(void *To, size_t Size, bool Wait) override {
    if (Size < sizeof(Count))
      return -EINVAL;
    for (;;) {
      uint64_t Seen = Activity.count(), Value;
      {
        MutexGuard Guard(Lock);
        Value = Semaphore ? !!Count : Count;
        Count -= Value;
      }
      if (Value) {
        memcpy(To, &Value, sizeof(Value));
        changed();
        return sizeof(Value);
      }
      if (!Wait)
        return -EAGAIN;
      if (Activity.wait(Seen) == Event::Interrupted)
        return -ERESTARTSYS;
    }
  }

  int64_t write(const void *From, size_t Size, bool Wait) override {
    uint64_t Value;
    if (Size < sizeof(Value))
      return -EINVAL;
    memcpy(&Value, From, sizeof(Value));
    if (Value > Max)
      return -EINVAL;
    for (;;) {
      uint64_t Seen = Activity.count();
      bool Fits;
      {
        MutexGuard Guard(Lock);
        Fits = Value <= Max - Count;
        if (Fits)
          Count += Value;
      }
      if (Fits) {
        changed();
        return sizeof(Value);
      }
      if (!Wait)
        return -EAGAIN;
      if (Activity.wait(Seen) == Event::Interrupted)
        return -ERESTARTSYS;
    }
  }

  uint32_t poll(uint32_t) override {
    MutexGuard Guard(Lock);
    return (Count ? file::PollIn : 0) | (Count < Max ? file::PollOut : 0);
  }

  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "anon_inode:[eventfd]");
  }

private:
  static constexpr uint64_t Max = ~0ull - 1;

  Mutex Lock;
  uint64_t Count;
  bool Semaphore;
};

} // namespace

Node *file::makeEventCounter(uint64_t Count, bool Semaphore) {
  return heap::make<EventCounter>(Count, Semaphore);
}
