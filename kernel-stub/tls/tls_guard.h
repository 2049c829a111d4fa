// tls-guard=1: the kernel's TLS cannot be written while a program in ring 0
// runs.
//
// The pages of each thread's block (segshift/pages.h) have a protection key for
// supervisor pages (PKS: SDM volume 3, 5.6.2). The register that says what the
// keys allow is the processor's. The third entry table (entry_guarded.S) opens
// the key for writing at each entry, once the registers are saved, and closes
// it at each exit to the program. Reads are always allowed: an entry finds the
// kernel stack through %gs before it has a register free.
//
// It catches stores that go astray. A program in ring 0 can open the key, or
// find the same memory through the direct map.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_TLS_GUARD_H
#define STUB_TLS_GUARD_H

#include "cpu/frame.h"
#include "memory/paging.h"
#include <stddef.h>
#include <stdint.h>

namespace tls_guard {

extern "C" bool tls_guard_on; // set once at boot; in mode gs alone

inline bool isOn() { return tls_guard_on; }

// At boot, ahead of the first processor::init(). False, after a message: asked
// for and not to be had.
bool choose();
// On each processor.
void initCpu();
// Gives the pages of the thread's block the key. False: no memory for page
// tables.
bool protect(const void *Tp);
// Bytes that are mapped, and open, on each side of a thread's block. The
// system-call entry has a slot in the upper ones: mode.h.
inline uint64_t margin() { return isOn() ? paging::PageSize : 0; }

} // namespace tls_guard

#endif
