// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/log.h"
#include "cpu/cpu.h"
#include "device/serial.h"
#include "lib/string.h"

namespace {

class Writer {
public:
  Writer(char *Out, size_t Size) : Out(Out), Room(Size - 1) {}

  void put(char C) {
    if (N != Room)
      Out[N++] = C;
  }

  void putNumber(uint64_t Value, unsigned Base, bool Negative, unsigned Width,
                 char Pad) {
    char Digits[20];
    unsigned Count = 0;
    do {
      Digits[Count++] = "0123456789abcdef"[Value % Base];
      Value /= Base;
    } while (Value);
    unsigned Length = Count + Negative;
    if (Negative && Pad == '0')
      put('-');
    for (; Width > Length; --Width)
      put(Pad);
    if (Negative && Pad != '0')
      put('-');
    while (Count)
      put(Digits[--Count]);
  }

  size_t finish() {
    Out[N] = 0;
    return N;
  }

private:
  char *Out;
  size_t Room, N = 0;
};

} // namespace

size_t formatV(char *Out, size_t Size, const char *Format, va_list Arguments) {
  Writer W(Out, Size);
  for (const char *F = Format; *F; ++F) {
    if (*F != '%') {
      W.put(*F);
      continue;
    }
    ++F;
    char Pad = ' ';
    unsigned Width = 0;
    bool Long = false;
    if (*F == '0')
      Pad = *F++;
    for (; *F >= '0' && *F <= '9'; ++F)
      Width = Width * 10 + (*F - '0');
    for (; *F == 'l' || *F == 'z'; ++F)
      Long = true;
    switch (*F) {
    case 's': {
      const char *S = va_arg(Arguments, const char *);
      size_t Length = strlen(S);
      for (; *S; ++S)
        W.put(*S);
      for (; Length < Width; ++Length)
        W.put(' ');
      break;
    }
    case 'c':
      W.put(va_arg(Arguments, int));
      break;
    case 'd': {
      int64_t V = Long ? va_arg(Arguments, int64_t) : va_arg(Arguments, int);
      W.putNumber(V < 0 ? -static_cast<uint64_t>(V) : V, 10, V < 0, Width, Pad);
      break;
    }
    case 'u':
    case 'x': {
      uint64_t V =
          Long ? va_arg(Arguments, uint64_t) : va_arg(Arguments, unsigned);
      W.putNumber(V, *F == 'u' ? 10 : 16, false, Width, Pad);
      break;
    }
    case 'p':
      W.putNumber(reinterpret_cast<uint64_t>(va_arg(Arguments, void *)), 16,
                  false, 16, '0');
      break;
    case 0:
      --F;
      break;
    default:
      W.put(*F);
    }
  }
  return W.finish();
}

size_t format(char *Out, size_t Size, const char *Format, ...) {
  va_list Arguments;
  va_start(Arguments, Format);
  size_t N = formatV(Out, Size, Format, Arguments);
  va_end(Arguments);
  return N;
}

static cpu::Lock LogLock;
static bool LockBroken;

void breakLogLock() { LockBroken = true; }

void log(const char *Format, ...) {
  char Line[256];
  va_list Arguments;
  va_start(Arguments, Format);
  size_t N = formatV(Line, sizeof(Line) - 1, Format, Arguments);
  va_end(Arguments);
  Line[N++] = '\n';
  if (LockBroken)
    return serial::write(serial::Log, Line, N);
  cpu::LockGuard Guard(LogLock);
  serial::write(serial::Log, Line, N);
}
