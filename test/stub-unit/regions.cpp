// The tree of address ranges against a plain std::map, over random insertions,
// removals and searches. Catches: a range that is lost, a gap that is not found
// or not free, a wrong neighbour, a tree that grows too deep.
//
// RUN: %clangxx -std=c++20 -g -O1 -Wall -Werror -iquote %src/kernel-stub \
// RUN:   -fsanitize=address,undefined -fno-sanitize-recover=all \
// RUN:   %src/kernel-stub/user/regions.cpp %s -o %t
// RUN: %t | FileCheck %s
// CHECK: regions: all passed
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../kernel-stub/user/regions.h"
#include "check.h"

#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

constexpr uint64_t Page = 4096, Low = 0x10000, Top = 0x400000;

// The same by the simplest means.
struct Model {
  std::map<uint64_t, std::unique_ptr<Range>> Ranges; // by Start

  Range *at(uint64_t Address) const {
    for (auto &[Start, R] : Ranges)
      if (R->End > Address)
        return R.get();
    return nullptr;
  }
  Range *before(uint64_t Address) const {
    Range *Best = nullptr;
    for (auto &[Start, R] : Ranges)
      if (R->End <= Address)
        Best = R.get();
    return Best;
  }
  uint64_t findFree(uint64_t Size, uint64_t From, uint64_t To) const {
    for (uint64_t A = To; A >= From + Size; A -= Page) {
      Range *R = at(A - Size);
      if (!R || R->Start >= A)
        return A - Size;
    }
    return 0;
  }
};

std::mt19937_64 Random(7);
uint64_t pick(uint64_t Below) { return Random() % Below; }
uint64_t pickAddress() { return Low + pick((Top - Low) / Page) * Page; }

void compare(const RangeTree &T, const Model &M) {
  uint64_t A = pickAddress() + pick(2);
  CHECK(T.at(A) == M.at(A));
  CHECK(T.before(A) == M.before(A));
  uint64_t Size = (1 + pick(40)) * Page;
  CHECK(T.findFree(Size, Low, Top) == M.findFree(Size, Low, Top));
  // Both ends may lie within a range.
  uint64_t To = pickAddress();
  CHECK(T.findFree(Size, Low, To) == M.findFree(Size, Low, To));
  uint64_t End = A + Size;
  Range *R = M.at(A);
  CHECK(T.isFree(A, End) == (!R || R->Start >= End));
}

void testRandom() {
  RangeTree T;
  Model M;
  CHECK(!T.first() && T.findFree(Page, Low, Top) == Top - Page);
  for (unsigned I = 0; I != 20000; ++I) {
    uint64_t A = pickAddress(), Size = (1 + pick(6)) * Page;
    if (pick(3) && T.isFree(A, A + Size)) {
      auto R = std::make_unique<Range>();
      R->Start = A;
      R->End = A + Size;
      T.insert(*R);
      M.Ranges[A] = std::move(R);
    } else if (Range *R = T.at(A)) {
      if (R->End - R->Start > Page && pick(2)) {
        auto Node = M.Ranges.extract(R->Start);
        T.resize(*R, R->Start + Page, R->End);
        Node.key() = R->Start;
        M.Ranges.insert(std::move(Node));
      } else {
        T.remove(*R);
        M.Ranges.erase(R->Start);
      }
    }
    compare(T, M);
  }
  // In order, from end to end.
  auto Expected = M.Ranges.begin();
  for (Range *R = T.first(); R; R = T.next(*R), ++Expected)
    CHECK(Expected != M.Ranges.end() && R == Expected->second.get());
  CHECK(Expected == M.Ranges.end());
  CHECK(M.Ranges.size() > 100);
}

// In ascending order, as programs map: the worst for a tree that is not
// balanced. 100,000 ranges deep, the recursion would overflow a stack of 64
// KiB.
void testAscending() {
  constexpr unsigned Count = 100000;
  std::vector<Range> Ranges(Count);
  RangeTree T;
  for (unsigned I = 0; I != Count; ++I) {
    Ranges[I].Start = Low + I * 2 * Page;
    Ranges[I].End = Ranges[I].Start + Page;
    T.insert(Ranges[I]);
  }
  CHECK(T.findFree(Page, Low, Ranges[Count - 1].End) ==
        Ranges[Count - 1].Start - Page);
  CHECK(T.findFree(2 * Page, Low, Ranges[Count - 1].End) == 0);
  for (Range &R : Ranges)
    T.remove(R);
  CHECK(!T.first());
}

} // namespace

int main() {
  testRandom();
  testAscending();
  std::printf("regions: %s\n", Failures ? "failed" : "all passed");
  return Failures != 0;
}
