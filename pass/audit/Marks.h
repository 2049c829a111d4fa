// The note and the on-purpose FS sites that the plugin and the rewriter leave
// in an object (docs/abi.md). SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception
#ifndef SEGSHIFT_AUDIT_MARKS_H
#define SEGSHIFT_AUDIT_MARKS_H

#include "../disasm/Elf.h"
#include <map>
#include <vector>

namespace segshift::audit {

struct Notes {
  unsigned Count = 0;             // notes of this ABI version
  std::vector<uint32_t> Versions; // other versions, one for each note
};
llvm::Expected<Notes> readNotes(const ElfObject &Obj);

class Marks {
public:
  static llvm::Expected<Marks> read(const ElfObject &Obj);

  /// Whether FS is on purpose in the instruction at Address.
  bool covers(unsigned Region, uint64_t Address) const;

  /// Marks for one instruction about which covers() was never asked.
  std::vector<std::pair<unsigned, uint64_t>> unusedSites() const;

private:
  using Place = std::pair<unsigned, uint64_t>; // region, address
  mutable std::map<Place, bool> Instructions;  // true: covers() was asked
  std::map<Place, uint64_t> Ranges;            // to their ends
};

} // namespace segshift::audit
#endif
