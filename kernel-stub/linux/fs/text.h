// Text that grows as it is written.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_TEXT_H
#define STUB_TEXT_H

#include <stddef.h>

class Text {
public:
  Text() = default;
  Text(const Text &) = delete;
  Text &operator=(const Text &) = delete;
  ~Text();

  // As log.h's format; at most 1023 characters each.
  void add(const char *Format, ...) __attribute__((format(printf, 2, 3)));
  void addBytes(const char *Bytes, size_t Size);

  const char *data() const { return Data; }
  size_t size() const { return Size; }
  bool failed() const { return Failed; } // no memory: something is missing

private:
  char *Data = nullptr;
  size_t Size = 0, Room = 0;
  bool Failed = false;
};

#endif
