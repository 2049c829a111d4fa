// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/page_tree.h"
#include "linux/fs/file_memory.h"

namespace {

uint64_t *entries(uint64_t Page) {
  return static_cast<uint64_t *>(memory::direct(Page));
}

// Pages below an entry of a tree node of this height.
uint64_t span(unsigned Height) { return 1ull << 9 * (Height - 1); }

} // namespace

uint64_t PageTree::find(uint64_t Index) const {
  if (!Root || Index >= 1ull << 9 * Height)
    return 0;
  uint64_t Page = Root;
  for (unsigned H = Height; H && Page; --H)
    Page = entries(Page)[Index / span(H) % Fanout];
  return Page;
}

uint64_t PageTree::make(uint64_t Index) {
  while (Index >= 1ull << 9 * Height) {
    if (Root) {
      uint64_t Page = fileMemory::allocate();
      if (!Page)
        return 0;
      entries(Page)[0] = Root;
      Root = Page;
    }
    ++Height;
  }
  uint64_t *Entry = &Root;
  for (unsigned H = Height;; --H) {
    if (!*Entry) {
      uint64_t Page = fileMemory::allocate();
      if (!Page)
        return 0;
      *Entry = Page;
      NumPages += !H;
    }
    if (!H)
      return *Entry;
    Entry = &entries(*Entry)[Index / span(H) % Fanout];
  }
}

uint64_t PageTree::next(uint64_t Index) const {
  uint64_t End = Root ? 1ull << 9 * Height : 0;
  while (Index < End) {
    uint64_t Page = Root;
    unsigned H = Height;
    for (; H && Page; --H)
      Page = entries(Page)[Index / span(H) % Fanout];
    if (Page)
      return Index;
    // Nothing below an entry of the node of height H + 1.
    uint64_t Step = 1ull << 9 * H;
    Index = (Index / Step + 1) * Step;
  }
  return MaxPages;
}

void PageTree::truncate(uint64_t Index) {
  if (!Root || Index >= 1ull << 9 * Height)
    return;
  freeFrom(Root, Height, Index);
  if (!Root)
    Height = 0;
}

// Frees the pages with at least this index, counted from the first one below
// Page, and tree nodes that this leaves without any.
void PageTree::freeFrom(uint64_t &Page, unsigned Level, uint64_t Index) {
  if (!Page)
    return;
  if (Level) {
    uint64_t First = Index / span(Level);
    for (uint64_t I = First; I != Fanout; ++I)
      freeFrom(entries(Page)[I], Level - 1,
               I == First ? Index % span(Level) : 0);
  }
  if (Index)
    return;
  NumPages -= !Level;
  fileMemory::free(Page);
  Page = 0;
}
