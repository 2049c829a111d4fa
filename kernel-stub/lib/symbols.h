// Names of the kernel's functions and thread-local variables, from a table that
// is linked in.
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
  const char *Name; // null if there is none at the address
  uint64_t Offset;  // bytes from its start
};

Place lookUp(uint64_t Address);
// The thread-local variable at an offset in the kernel's TLS image.
Place lookUpTls(uint64_t Offset);

} // namespace symbols

#endif
