// An ordered set of address ranges that do not overlap: a treap, in which each
// node knows the largest gap within its subtree, so that finding a range, its
// neighbours, or room takes O(log n) steps. Freestanding, no allocation: the
// owner makes and frees the ranges.
//
// Treaps: Seidel and Aragon, "Randomized Search Trees", 1996.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_REGIONS_H
#define STUB_REGIONS_H

#include <stdint.h>

// The base of what is kept in a RangeTree.
struct Range {
  uint64_t Start, End; // not to be changed while it is in a tree: see resize()

private:
  friend class RangeTree;
  uint32_t Priority;
  Range *Left, *Right;
  // Of the subtree: the lowest Start, the highest End, and the most bytes that
  // are free between two neighbours in it.
  uint64_t First, Last, MaxGap;
};

class RangeTree {
public:
  // The first range that ends above Address: the one that holds it, or the next
  // one. Null: there is none.
  Range *at(uint64_t Address) const;
  // The one that ends at or below Address, the last of them. Null: none.
  Range *before(uint64_t Address) const;
  Range *first() const { return at(0); }
  Range *next(const Range &R) const { return at(R.End); }

  // Whether [Start, End) meets no range.
  bool isFree(uint64_t Start, uint64_t End) const;

  // The start of the highest free Size bytes in [Low, High), Low not 0. 0:
  // there are none.
  uint64_t findFree(uint64_t Size, uint64_t Low, uint64_t High) const;

  // R, with Start and End set, must not meet a range that is there.
  void insert(Range &R);
  void remove(Range &R);
  void resize(Range &R, uint64_t Start, uint64_t End) {
    remove(R);
    R.Start = Start;
    R.End = End;
    insert(R);
  }

private:
  static void update(Range &R);
  // Left gets what starts below Address, Right the rest.
  static void split(Range *Tree, uint64_t Address, Range *&Left, Range *&Right);
  static Range *merge(Range *Left, Range *Right);
  static uint64_t search(const Range *Tree, uint64_t Size, uint64_t Low,
                         uint64_t High);

  Range *Root = nullptr;
  uint64_t Seed = 1;
};

#endif
