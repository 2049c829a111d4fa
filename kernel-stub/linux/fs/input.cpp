// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/input.h"
#include "cpu/cpu.h"
#include "device/control.h"
#include "device/serial.h"
#include "lib/error.h"
#include "lib/string.h"
#include "thread/mutex.h"

namespace input {
namespace {

Mutex M; // protects what follows
char Chunk[MaxChunk];
size_t Begin, End; // of what is left of the chunk
bool Asked, Ended;

// Once a chunk has begun, the rest of it is on its way.
void receive(void *To, size_t Size) {
  for (size_t Done = 0; Done != Size;) {
    size_t N = serial::read(serial::Output, static_cast<char *>(To) + Done,
                            Size - Done);
    Done += N;
    if (!N)
      cpu::pause();
  }
}

// Whether there are bytes, or the end. M is held.
bool fill() {
  if (Begin != End || Ended)
    return true;
  if (!Asked) {
    control::send("input");
    Asked = true;
  }
  unsigned char Size[2];
  if (!serial::read(serial::Output, reinterpret_cast<char *>(Size), 1))
    return false;
  receive(Size + 1, 1);
  size_t N = Size[0] | Size[1] << 8;
  if (N > MaxChunk)
    N = MaxChunk; // not what was agreed; the rest will be taken for chunks
  receive(Chunk, N);
  Begin = 0;
  End = N;
  Ended = !N;
  Asked = false;
  return true;
}

} // namespace

int64_t read(void *To, size_t Size) {
  MutexGuard Guard(M);
  if (!fill())
    return -EAGAIN;
  size_t N = Size < End - Begin ? Size : End - Begin;
  memcpy(To, Chunk + Begin, N);
  Begin += N;
  return static_cast<int64_t>(N);
}

bool ready() {
  MutexGuard Guard(M);
  return fill();
}

} // namespace input
