// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/pipe.h"
#include "device/log.h"
#include "lib/error.h"
#include "lib/string.h"
#include "thread/mutex.h"

namespace {

class Pipe final : public Node {
public:
  static constexpr size_t Capacity = 65536;
  static constexpr size_t AtomicSize = 4096; // PIPE_BUF

  explicit Pipe(char *Ring) : Node(file::PipeType | 0600), Ring(Ring) {
    Info.Device = 4;
  }
  ~Pipe() override { heap::free(Ring); }

  bool isStream() override { return true; }

  Node *opened(uint32_t Access, int &) override {
    MutexGuard Guard(Lock);
    NumReaders += !!(Access & file::Readable);
    NumWriters += !!(Access & file::Writable);
    ref();
    return this;
  }

  void closed(uint32_t Access) override {
    {
      MutexGuard Guard(Lock);
      NumReaders -= !!(Access & file::Readable);
      NumWriters -= !!(Access & file::Writable);
    }
    changed();
  }

  int64_t read(void *To, size_t Size, bool Wait) override {
    for (;;) {
      uint64_t Seen = Activity.count();
      size_t N;
      {
        MutexGuard Guard(Lock);
        N = take(static_cast<char *>(To), Size);
        if (!N && (!NumWriters || !Size))
          return 0;
      }
      if (N) {
        changed();
        return N;
      }
      if (!Wait)
        return -EAGAIN;
      if (Activity.wait(Seen) == Event::Interrupted)
        return -ERESTARTSYS;
    }
  }

  // All or nothing up to AtomicSize bytes; more in pieces as there is room.
  int64_t write(const void *From, size_t Size, bool Wait) override {
    size_t Done = 0;
    for (;;) {
      uint64_t Seen = Activity.count();
      size_t N = 0;
      {
        MutexGuard Guard(Lock);
        if (!NumReaders)
          return Done ? static_cast<int64_t>(Done) : -EPIPE;
        size_t Wanted = Size - Done, Room = Capacity - Used;
        if (Room >= Wanted || Size > AtomicSize)
          N = put(static_cast<const char *>(From) + Done,
                  Room < Wanted ? Room : Wanted);
      }
      Done += N;
      if (N)
        changed();
      if (Done == Size)
        return Done;
      if (N)
        continue;
      if (!Wait)
        return Done ? static_cast<int64_t>(Done) : -EAGAIN;
      if (Activity.wait(Seen) == Event::Interrupted)
        return Done ? static_cast<int64_t>(Done) : -ERESTARTSYS;
    }
  }

  int64_t available() override {
    MutexGuard Guard(Lock);
    return Used;
  }

  uint32_t poll(uint32_t Access) override {
    MutexGuard Guard(Lock);
    uint32_t Events = 0;
    if (Access & file::Readable)
      Events |= (Used ? file::PollIn : 0) | (NumWriters ? 0 : file::PollHangUp);
    if (Access & file::Writable)
      Events |= (Capacity - Used >= AtomicSize ? file::PollOut : 0) |
                (NumReaders ? 0 : file::PollError);
    return Events;
  }

  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "pipe:[%lu]", Info.Inode);
  }

private:
  size_t take(char *To, size_t Size) {
    if (Size > Used)
      Size = Used;
    size_t First = Capacity - Start < Size ? Capacity - Start : Size;
    memcpy(To, Ring + Start, First);
    memcpy(To + First, Ring, Size - First);
    Start = (Start + Size) % Capacity;
    Used -= Size;
    return Size;
  }

  size_t put(const char *From, size_t Size) {
    size_t End = (Start + Used) % Capacity;
    size_t First = Capacity - End < Size ? Capacity - End : Size;
    memcpy(Ring + End, From, First);
    memcpy(Ring, From + First, Size - First);
    Used += Size;
    return Size;
  }

  Mutex Lock;
  char *Ring;
  size_t Start = 0, Used = 0;
  unsigned NumReaders = 0, NumWriters = 0;
};

} // namespace

Node *file::makePipe() {
  auto *Ring = static_cast<char *>(heap::allocate(Pipe::Capacity));
  Node *N = Ring ? heap::make<Pipe>(Ring) : nullptr;
  if (!N)
    heap::free(Ring);
  return N;
}
