// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/text.h"
#include "device/log.h"
#include "lib/string.h"
#include "memory/heap.h"

Text::~Text() { heap::free(Data); }

void Text::add(const char *Format, ...) {
  char Line[1024];
  va_list Arguments;
  va_start(Arguments, Format);
  size_t N = formatV(Line, sizeof(Line), Format, Arguments);
  va_end(Arguments);
  addBytes(Line, N);
}

void Text::addBytes(const char *Bytes, size_t N) {
  if (Room - Size < N) {
    size_t NewRoom = Room ? Room * 2 : 1024;
    while (NewRoom - Size < N)
      NewRoom *= 2;
    auto *New = static_cast<char *>(heap::allocate(NewRoom));
    if (!New) {
      Failed = true;
      return;
    }
    if (Size)
      memcpy(New, Data, Size);
    heap::free(Data);
    Data = New;
    Room = NewRoom;
  }
  memcpy(Data + Size, Bytes, N);
  Size += N;
}
