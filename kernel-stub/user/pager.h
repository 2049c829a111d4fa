// What fills the pages of a region that is not of zeros: a file, to the address
// space. It lives as long as there are references to it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PAGER_H
#define STUB_PAGER_H

#include "memory/heap.h"
#include <stddef.h>
#include <stdint.h>

class Pager {
public:
  Pager() = default;
  Pager(const Pager &) = delete;
  Pager &operator=(const Pager &) = delete;
  virtual ~Pager() = default;
  void operator delete(void *Memory) { heap::free(Memory); }

  void ref() { __atomic_add_fetch(&NumRefs, 1, __ATOMIC_RELAXED); }
  void unref();
  unsigned numRefs() const {
    return __atomic_load_n(&NumRefs, __ATOMIC_ACQUIRE);
  }

  // Returns bytes, fewer than Size at the end; or -errno.
  virtual int64_t readAt(uint64_t Offset, void *To, size_t Size) = 0;
  virtual uint64_t size() = 0;

  // The physical page that holds the file's page at Offset (a multiple of the
  // page size): what is written there is in the file. It stays the file's as
  // long as the file lives. 0: behind the end, no memory, or no such file.
  virtual uint64_t sharedPage(uint64_t Offset) = 0;

private:
  unsigned NumRefs = 1;
};

#endif
