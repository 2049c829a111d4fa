// Names of the kernel's functions, from a table that is linked in.
//
// The table (section .ksyms) is made by scripts/gen_symbols.py from the symbols
// of a first link; see add_stub() in CMakeLists.txt.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SYMBOLS_H
#define STUB_SYMBOLS_H

#include <stdint.h>

namespace symbols {

struct Place {
  const char *Name; // null if the address is in no function of the kernel
  uint64_t Offset;  // bytes from its start
};

Place lookUp(uint64_t Address);

} // namespace symbols

#endif
