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

  // Whether FS is on purpose in the instruction at Address. FunctionBegin is
  // the start of the function around it: inline assembly does not reach past
  // it.
  bool covers(unsigned Region, uint64_t Address, uint64_t FunctionBegin) const;

  // Marks for one instruction at which covers() never was asked.
  std::vector<std::pair<unsigned, uint64_t>> unusedSites() const;

private:
  struct Site {
    bool Asked = false;
  };
  using Place = std::pair<unsigned, uint64_t>; // region, address
  mutable std::map<Place, Site> Instructions;
  std::map<Place, bool> Blobs; // true: inline assembly begins, false: it ended
};

} // namespace segshift::audit
#endif
