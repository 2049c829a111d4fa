// The three standard streams: serial lines to the runner. For the program they
// are pipes, neither a terminal nor a file with positions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/log.h"
#include "device/serial.h"
#include "device/timer.h"
#include "lib/error.h"
#include "linux/fs/input.h"
#include "linux/fs/open_file.h"
#include "thread/mutex.h"
#include "thread/program.h"

namespace {

// The line has no interrupt: who waits for input looks this often.
constexpr uint64_t PollPeriod = 1000000; // nanoseconds

class InputStream final : public Node {
public:
  InputStream() : Node(file::PipeType | 0600) { Info.Device = 3; }

  bool isStream() override { return true; }

  int64_t read(void *To, size_t Size, bool Wait) override {
    for (;;) {
      uint64_t Seen = Activity.count();
      int64_t N = input::read(To, Size);
      if (N != -EAGAIN || !Wait)
        return N;
      if (Activity.wait(Seen, timer::now() + PollPeriod) == Event::Interrupted)
        return -ERESTARTSYS;
    }
  }

  uint32_t poll(uint32_t) override { return input::ready() ? file::PollIn : 0; }
  bool changesSilently() override { return true; }

  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "pipe:[%lu]", Info.Inode);
  }
};

class OutputStream final : public Node {
public:
  explicit OutputStream(serial::Port Line)
      : Node(file::PipeType | 0600), Line(Line) {
    Info.Device = 3;
  }

  bool isStream() override { return true; }

  // What one call writes comes out in one piece. The line is slow: the end of a
  // program does not wait for the rest of a long write.
  int64_t write(const void *From, size_t Size, bool) override {
    if (process::isEnding())
      return -ERESTARTSYS;
    MutexGuard Guard(Lock);
    serial::write(Line, static_cast<const char *>(From), Size);
    return Size;
  }

  uint32_t poll(uint32_t) override { return file::PollOut; }

  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "pipe:[%lu]", Info.Inode);
  }

private:
  serial::Port Line;
  Mutex Lock;
};

Node *Streams[3];

} // namespace

Node *file::standardStream(int Fd) {
  Node *&N = Streams[Fd];
  if (!N)
    N = Fd == 0 ? static_cast<Node *>(heap::make<InputStream>())
                : heap::make<OutputStream>(Fd == 1 ? serial::Output
                                                   : serial::ErrorOutput);
  if (N)
    N->ref();
  return N;
}
