//===- Uses.h - where a file reaches TLS ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a file reaches TLS, and by which model.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_TLS_USES_H
#define SEGSHIFT_TLS_USES_H

#include "../disasm/Elf.h"
#include "Layout.h"

namespace segshift::tls {

/// The models of "ELF Handling For Thread-Local Storage", and the other ways
/// to reach the thread control block.
enum class Model {
  LocalExec,
  InitialExec,
  GeneralDynamic,
  LocalDynamic,
  Descriptor,
  ThreadPointer, ///< load of %seg:0; what follows may be any model
  ControlBlock,  ///< fixed offset from 0x8 on: canary, pointer guard, ...
  Computed,      ///< %seg:(%reg): after a load of an offset
};

llvm::StringRef name(Model M);

enum class Segment { None, FS, GS };

struct Use {
  Model M{};
  Segment Seg = Segment::None; ///< None: a relocation says it, not code
  std::string Function; ///< or the section, where there is no symbol; empty
                        ///< for dynamic relocations
  std::string Variable; ///< or the name of the control-block slot; may be ""
  int64_t TpOff = 0;    ///< for code with a fixed offset
};

/// By function in the order of the file.
llvm::Expected<std::vector<Use>> findUses(const ElfObject &Obj,
                                          const Layout &L);

} // namespace segshift::tls
#endif
