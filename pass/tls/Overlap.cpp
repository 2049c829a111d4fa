//===- Overlap.cpp - two TLS blocks under one FS --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Overlap.h"
#include "llvm/Support/MathExtras.h"
#include <set>

using namespace llvm;

namespace segshift::tls {

Overlap findOverlap(const Layout &Program, const Layout &Kernel,
                    uint64_t Reserved) {
  Overlap O;
  // tp has to satisfy both alignments, and the kernel's variables keep their
  // places relative to each other: so the reservation grows in steps of the
  // kernel's alignment. It is counted from tp downwards.
  O.ReservationNeeded =
      alignTo(Program.BlockSize, std::max(Program.Align, Kernel.Align));

  int64_t Low = -int64_t(std::min(Program.BlockSize, Kernel.BlockSize));
  int64_t High = -int64_t(Reserved);
  if (Low >= High)
    return O;

  std::set<int64_t> Cuts{Low, High};
  for (const Layout *L : {&Program, &Kernel})
    for (const Variable &V : L->Variables)
      for (int64_t Cut : {V.TpOff, V.TpOff + int64_t(V.Size)})
        if (Cut > Low && Cut < High)
          Cuts.insert(Cut);

  for (auto It = Cuts.begin(), Next = std::next(It); Next != Cuts.end();
       It = Next++) {
    OverlapRange R;
    R.Begin = *It;
    R.End = *Next;
    if (const Variable *V = Program.at(R.Begin)) {
      R.Program = V->Name;
      R.ProgramOffset = R.Begin - V->TpOff;
    }
    if (const Variable *V = Kernel.at(R.Begin)) {
      R.Kernel = V->Name;
      R.KernelOffset = R.Begin - V->TpOff;
    }
    O.Bytes += R.End - R.Begin;
    if (!R.Program.empty() && !R.Kernel.empty())
      O.VariableBytes += R.End - R.Begin;
    O.Ranges.push_back(std::move(R));
  }
  return O;
}

} // namespace segshift::tls
