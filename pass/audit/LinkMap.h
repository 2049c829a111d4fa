//===- LinkMap.h - where a linked image comes from --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which input object each address of a linked image came from, out of the
// linker's map file.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_AUDIT_LINKMAP_H
#define SEGSHIFT_AUDIT_LINKMAP_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace segshift::audit {

struct LinkMap {
  struct Piece { // one input section
    uint64_t Address = 0, Size = 0;
    std::string Section,
        Object; // Object as the map spells it: archive(member) too
  };
  std::vector<Piece> Pieces; // in the map's order
  std::vector<unsigned>
      Loaded; // indices of those that can hold code, by address

  /// The input section that covers the code address, or null.
  const Piece *at(uint64_t Address) const;
};

/// Reads the maps that ld.lld, ld.bfd and gold write for -Map.
llvm::Expected<LinkMap> readLinkMap(llvm::StringRef Path);
llvm::Expected<LinkMap> parseLinkMap(llvm::StringRef Text);

} // namespace segshift::audit
#endif
