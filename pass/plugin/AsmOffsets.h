//===- AsmOffsets.h - fixed addresses in FS that assembly names -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_PLUGIN_ASMOFFSETS_H
#define SEGSHIFT_PLUGIN_ASMOFFSETS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace segshift {

/// The addresses from FS in \p Text that are numbers. \p Operand gives the
/// value of an operand of the assembly, by its number, if that is a constant.
llvm::SmallVector<uint64_t, 2>
asmFSOffsets(llvm::StringRef Text,
             llvm::function_ref<std::optional<int64_t>(unsigned)> Operand);

} // namespace segshift

#endif
