// What a page fault says that the TLS guard (tls/tls_guard.h) has raised.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_GUARD_FAULT_H
#define STUB_GUARD_FAULT_H

#include "cpu/frame.h"
#include <stddef.h>

namespace tls_guard {

// Whether a page fault is the program's store into a page of kernel TLS. If so,
// Text says to whose and where.
bool isCaught(const Frame &F, uint64_t Address, char *Text, size_t Size);

} // namespace tls_guard

#endif
