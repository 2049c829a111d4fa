// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/heap_test.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "test/selftest.h"
#include "thread/thread.h"

namespace heap_test {
namespace {

constexpr unsigned NumThreads = 6, NumSlots = 64, NumTurns = 3000;
unsigned NumEnded;

// Around each limit between kinds of blocks, and in between.
constexpr size_t Sizes[] = {0,    1,    15,   16,   17,   33,   100,   1000,
                            2015, 2016, 2017, 4095, 4096, 4097, 20000, 65536};
constexpr unsigned NumSizes = sizeof(Sizes) / sizeof(*Sizes);

struct Slot {
  unsigned char *Block = nullptr;
  size_t Size = 0;
  unsigned char Mark = 0;

  bool fill(size_t NewSize, unsigned char NewMark) {
    Block = static_cast<unsigned char *>(heap::allocate(NewSize));
    if (!Block)
      return false;
    Size = NewSize;
    Mark = NewMark;
    bool Fresh = reinterpret_cast<uint64_t>(Block) % 16 == 0;
    for (size_t I = 0; I != Size; ++I) {
      Fresh &= !Block[I];
      Block[I] = Mark;
    }
    return CHECK(Fresh);
  }
  // Whether it still holds what was put there; and frees it.
  void empty() {
    bool Kept = true;
    for (size_t I = 0; I != Size; ++I)
      Kept &= Block[I] == Mark;
    CHECK(Kept);
    heap::free(Block);
    *this = Slot();
  }
};

// Blocks of all sizes come and go; each keeps what its owner wrote.
void churn(void *Seed) {
  auto State = reinterpret_cast<uint64_t>(Seed);
  auto Pick = [&](unsigned Below) {
    State = State * 6364136223846793005 + 1442695040888963407; // Knuth, MMIX
    return static_cast<unsigned>(State >> 33) % Below;
  };
  Slot Slots[NumSlots];
  for (unsigned Turn = 0; Turn != NumTurns; ++Turn) {
    Slot &S = Slots[Pick(NumSlots)];
    if (S.Block)
      S.empty();
    else
      CHECK(S.fill(Sizes[Pick(NumSizes)], Turn | 1));
    if (Turn % 64 == 0)
      thread::yield();
  }
  for (Slot &S : Slots)
    if (S.Block)
      S.empty();
  __atomic_add_fetch(&NumEnded, 1, __ATOMIC_RELEASE);
}

void churnThreads() {
  NumEnded = 0;
  for (uint64_t I = 0; I != NumThreads; ++I) {
    Thread *T = thread::create(churn, reinterpret_cast<void *>(I + 1), nullptr);
    if (CHECK(T))
      thread::start(*T);
    else
      ++NumEnded;
  }
  while (__atomic_load_n(&NumEnded, __ATOMIC_ACQUIRE) != NumThreads ||
         thread::numThreads() > 2) {
    thread::yield();
    thread::reap();
  }
}

// Takes all memory in blocks of one size, linked through themselves, and gives
// it back. Returns how many blocks that was.
size_t exhaust(size_t Size) {
  void **First = nullptr;
  size_t N = 0;
  while (auto *Block = static_cast<void **>(heap::allocate(Size))) {
    *Block = First;
    First = Block;
    ++N;
  }
  while (First) {
    auto *Next = static_cast<void **>(*First);
    heap::free(First);
    First = Next;
  }
  return N;
}

} // namespace

int run() {
  size_t Used = heap::usedBytes();
  CHECK(!heap::allocate(~size_t(0)));
  CHECK(!heap::allocate(size_t(1) << 40));
  heap::free(nullptr);

  // The first round makes page tables and address ranges that stay.
  churnThreads();
  size_t Free = memory::freePages();
  churnThreads();
  CHECK(heap::usedBytes() == Used);
  // 8 pages may be in this thread's cache or not.
  CHECK(memory::freePages() + 8 >= Free && memory::freePages() <= Free + 8);

  constexpr size_t Kinds[] = {16, 2016, 4096, 100000};
  for (size_t Size : Kinds) {
    size_t N = exhaust(Size);
    size_t Before = memory::freePages();
    CHECK(N > 100 && exhaust(Size) == N);
    CHECK(memory::freePages() == Before);
    CHECK(heap::usedBytes() == Used);
  }
  return selftest::hasFailed();
}

} // namespace heap_test
