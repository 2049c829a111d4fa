// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/symbols.h"
#include <stddef.h>

namespace {

struct Symbol {
  uint64_t Address;
  uint64_t Name; // offset in symbol_names
};

} // namespace

extern "C" {
extern const Symbol symbol_table[], symbol_table_end[];
extern const Symbol tls_symbol_table[], tls_symbol_table_end[];
extern const char symbol_names[];
extern const char __image_start[], __text_end[];
}

// The last symbol at or below the address.
static symbols::Place lookUpIn(const Symbol *Start, const Symbol *End,
                               uint64_t Address) {
  const Symbol *Low = Start, *High = End;
  while (Low != High) {
    const Symbol *Middle = Low + (High - Low) / 2;
    if (Middle->Address <= Address)
      Low = Middle + 1;
    else
      High = Middle;
  }
  if (Low == Start)
    return {nullptr, 0};
  --Low;
  return {symbol_names + Low->Name, Address - Low->Address};
}

symbols::Place symbols::lookUp(uint64_t Address) {
  if (Address < reinterpret_cast<uint64_t>(__image_start) ||
      Address >= reinterpret_cast<uint64_t>(__text_end))
    return {nullptr, 0};
  return lookUpIn(symbol_table, symbol_table_end, Address);
}

symbols::Place symbols::lookUpTls(uint64_t Offset) {
  return lookUpIn(tls_symbol_table, tls_symbol_table_end, Offset);
}
