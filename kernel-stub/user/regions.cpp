// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "user/regions.h"

// Recursion is as deep as the tree: some 2 log2(n) with random priorities.

void RangeTree::update(Range &R) {
  R.First = R.Left ? R.Left->First : R.Start;
  R.Last = R.Right ? R.Right->Last : R.End;
  R.MaxGap = 0;
  auto Add = [&](uint64_t Gap) { R.MaxGap = Gap > R.MaxGap ? Gap : R.MaxGap; };
  if (R.Left) {
    Add(R.Left->MaxGap);
    Add(R.Start - R.Left->Last);
  }
  if (R.Right) {
    Add(R.Right->MaxGap);
    Add(R.Right->First - R.End);
  }
}

void RangeTree::split(Range *Tree, uint64_t Address, Range *&Left,
                      Range *&Right) {
  if (!Tree) {
    Left = Right = nullptr;
  } else if (Tree->Start < Address) {
    split(Tree->Right, Address, Tree->Right, Right);
    Left = Tree;
    update(*Tree);
  } else {
    split(Tree->Left, Address, Left, Tree->Left);
    Right = Tree;
    update(*Tree);
  }
}

Range *RangeTree::merge(Range *Left, Range *Right) {
  if (!Left || !Right)
    return Left ? Left : Right;
  if (Left->Priority > Right->Priority) {
    Left->Right = merge(Left->Right, Right);
    update(*Left);
    return Left;
  }
  Right->Left = merge(Left, Right->Left);
  update(*Right);
  return Right;
}

Range *RangeTree::at(uint64_t Address) const {
  Range *Best = nullptr;
  for (Range *R = Root; R;) {
    if (R->End > Address) {
      Best = R;
      R = R->Left;
    } else {
      R = R->Right;
    }
  }
  return Best;
}

Range *RangeTree::before(uint64_t Address) const {
  Range *Best = nullptr;
  for (Range *R = Root; R;) {
    if (R->End <= Address) {
      Best = R;
      R = R->Right;
    } else {
      R = R->Left;
    }
  }
  return Best;
}

bool RangeTree::isFree(uint64_t Start, uint64_t End) const {
  Range *R = at(Start);
  return !R || R->Start >= End;
}

// Within [Low, High), which reaches from the range before the subtree to the
// one after it, or less far. A subtree that has no gap of that size is not
// entered.
uint64_t RangeTree::search(const Range *Tree, uint64_t Size, uint64_t Low,
                           uint64_t High) {
  if (High < Low || High - Low < Size)
    return 0;
  if (!Tree)
    return High - Size;
  bool Fits = Tree->MaxGap >= Size ||
              (Tree->First > Low && Tree->First - Low >= Size) ||
              (High > Tree->Last && High - Tree->Last >= Size);
  if (!Fits)
    return 0;
  uint64_t Above = Tree->End > Low ? Tree->End : Low;
  uint64_t Below = Tree->Start < High ? Tree->Start : High;
  uint64_t Found = search(Tree->Right, Size, Above, High);
  return Found ? Found : search(Tree->Left, Size, Low, Below);
}

uint64_t RangeTree::findFree(uint64_t Size, uint64_t Low, uint64_t High) const {
  return search(Root, Size, Low, High);
}

void RangeTree::insert(Range &R) {
  // xorshift64: Marsaglia, "Xorshift RNGs", 2003.
  Seed ^= Seed << 13;
  Seed ^= Seed >> 7;
  Seed ^= Seed << 17;
  R.Priority = static_cast<uint32_t>(Seed >> 32);
  R.Left = R.Right = nullptr;
  update(R);
  Range *Left, *Right;
  split(Root, R.Start, Left, Right);
  Root = merge(merge(Left, &R), Right);
}

void RangeTree::remove(Range &R) {
  Range *Left, *Middle, *Right;
  split(Root, R.Start, Left, Middle);
  split(Middle, R.Start + 1, Middle, Right);
  Root = merge(Left, Right);
}
