// Kernel memory of any size, for objects whose number the program decides.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_HEAP_H
#define STUB_HEAP_H

#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__ // the C++ runtime's code, tests
#include <new>
#else
inline void *operator new(size_t, void *Place) noexcept { return Place; }
#endif

namespace heap {

// Zeroed, aligned to 16 bytes. Null: no memory; LastError is not set.
void *allocate(size_t Size);
// What allocate returned, or null.
void free(void *Memory);

// Bytes that are allocated, rounded up as the allocator does it.
size_t usedBytes();

// An object, or null.
template <typename T, typename... Args> T *make(Args &&...Arguments) {
  static_assert(alignof(T) <= 16);
  void *Memory = allocate(sizeof(T));
  return Memory ? new (Memory) T(static_cast<Args &&>(Arguments)...) : nullptr;
}

template <typename T> void destroy(T *Object) {
  if (Object)
    Object->~T();
  free(Object);
}

} // namespace heap

#endif
