// The pages of a file, by number: a radix tree whose nodes are pages as well.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PAGE_TREE_H
#define STUB_PAGE_TREE_H

#include <stdint.h>

class PageTree {
public:
  static constexpr unsigned Fanout = 512; // physical addresses in a page
  static constexpr unsigned MaxHeight = 4;
  static constexpr uint64_t MaxPages = 1ull << 9 * MaxHeight;

  PageTree() = default;
  PageTree(const PageTree &) = delete;
  PageTree &operator=(const PageTree &) = delete;
  ~PageTree() { truncate(0); }

  // The page's physical address; 0: there is none.
  uint64_t find(uint64_t Index) const;
  // The same; a page that is missing is made, zeroed. 0: no memory. Index is
  // less than MaxPages.
  uint64_t make(uint64_t Index);
  // Frees the pages from this index on.
  void truncate(uint64_t Index);
  // The first index from Index on that has a page; MaxPages if there is none.
  uint64_t next(uint64_t Index) const;

  uint64_t numPages() const { return NumPages; } // without the tree's own

private:
  void freeFrom(uint64_t &Page, unsigned Level, uint64_t Index);

  uint64_t Root = 0;
  unsigned Height = 0; // levels above the file's pages; 0: Root is page 0
  uint64_t NumPages = 0;
};

#endif
