// What processors remember of the page tables. All share one set of tables: who
// makes an entry allow less has to tell all of them, before a page that it held
// is used for something else.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_TLB_H
#define STUB_TLB_H

#include <stdint.h>

struct Cpu;

namespace tlb {

// When this returns, no processor uses what the page tables had for [Start,
// End) before. Any locks may be held, and interrupts may be off, here and on
// the other processors: they are told by NMI. Once for a range, not for each
// page. A processor without work is not told of the program's half: see
// leaveIdle.
void flush(uint64_t Start, uint64_t End);
// Everything, for tables that are to be freed.
void flushAll();

// From an NMI: does what another processor has asked this one for. False:
// nothing.
bool serve(Cpu &C);

// From the switch away from the idle thread, once C.Running says so: forgets
// all if there was anything to be told.
void leaveIdle(Cpu &C);

} // namespace tlb

#endif
