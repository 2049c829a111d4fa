// A file whose contents are in memory: those of the initrd, read where they lie
// and copied page by page when they change, and those that programs make.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_REGULAR_FILE_H
#define STUB_REGULAR_FILE_H

#include "linux/fs/file.h"
#include "linux/fs/page_tree.h"
#include "thread/mutex.h"

class RegularFile : public Node {
public:
  static constexpr uint64_t MaxSize = 1ull << 47;

  // Initial: never changed or freed.
  explicit RegularFile(uint32_t Permissions, const uint8_t *Initial = nullptr,
                       uint64_t Size = 0)
      : Node(file::Regular | Permissions), Initial(Initial), InitialSize(Size),
        FileSize(Size) {}

  int64_t readAt(uint64_t Offset, void *To, size_t Size) override;
  int64_t writeAt(uint64_t Offset, const void *From, size_t Size) override;
  int64_t append(const void *From, size_t Size, uint64_t &Position) override;
  uint64_t size() override {
    return __atomic_load_n(&FileSize, __ATOMIC_ACQUIRE);
  }
  int64_t truncate(uint64_t Size) override;
  uint64_t sharedPage(uint64_t Offset) override;
  void status(file::Status &S) override;

  // Makes pages for [Offset, Offset + Size), as fallocate(2) does.
  int64_t reserve(uint64_t Offset, uint64_t Size);

private:
  int64_t writeLocked(uint64_t Offset, const void *From, size_t Size);
  void readInitial(uint64_t Offset, char *To, size_t Size);
  char *writablePage(uint64_t Index);
  void setSize(uint64_t Size);

  // Held for a whole change of the contents. It may be held when the address
  // space is locked, while Lock, which page faults take, may not.
  Mutex ChangeLock;
  Mutex Lock; // of all that follows
  // What a page holds that is not in Pages: these, and zeros behind.
  const uint8_t *Initial;
  uint64_t InitialSize;
  uint64_t FileSize;
  PageTree Pages;        // what lies behind FileSize is zero, but for mappings
  bool IsShared = false; // sharedPage() was called
};

#endif
