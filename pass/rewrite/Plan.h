//===- Plan.h - what a rewrite will do, as data ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The plan of one ELF file: a list of sites, each with what it is and why, and
// the bytes that change. Making a plan changes nothing.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_PLAN_H
#define SEGSHIFT_REWRITE_PLAN_H

#include "disasm/Elf.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Regex.h"
#include <string>
#include <utility>
#include <vector>

namespace segshift {

enum class SiteKind : uint8_t {
  LocalExec,      ///< %fs:x@tpoff(...)
  ThreadPointer,  ///< %fs:0
  InitialExec,    ///< %fs:(%reg) where %reg came from a GOTTPOFF slot
  Descriptor,     ///< %fs:(%reg) where %reg is a TLS descriptor's result
  Canary,         ///< %fs:0x28
  PointerGuard,   ///< %fs:0x30
  SplitStack,     ///< %fs:0x70
  TcbField,       ///< another fixed offset, allowed by --tcb-offsets
  GeneralDynamic, ///< TLSGD call sequence
  LocalDynamic,   ///< TLSLD call sequence
  DtpOffset,      ///< x@dtpoff in code, with a converted TLSLD sequence
  OnPurpose,      ///< FS is meant
  NotCode,        ///< bytes in a jump table or literal
  Unknown         ///< not understood
};

enum class Action : uint8_t {
  Move,    ///< the segment prefix changes from FS to GS
  Convert, ///< a sequence and its relocations change
  Keep,    ///< nothing changes, and that is right
  Refuse   ///< nothing changes, and that is an error
};

struct Site {
  SiteKind Kind = SiteKind::Unknown;
  Action Act = Action::Refuse;
  unsigned Region = 0;
  uint64_t Address = 0; ///< of the first instruction
  unsigned Length = 0;  ///< of the instruction or sequence, in bytes
  std::string Why;
};

/// New bytes at an offset in the file. Edits never overlap.
struct Edit {
  uint64_t Offset = 0;
  llvm::SmallVector<uint8_t, 24> Bytes;
};

struct Plan {
  std::vector<Site> Sites; ///< by region and address
  std::vector<Edit> Edits; ///< by offset

  bool refuses() const;
};

/// What the command line decides.
struct RewriteConfig {
  enum class Model { LocalExec, InitialExec };
  Model DynamicTo = Model::LocalExec; ///< what TLSGD sequences become
  std::vector<llvm::Regex> KeepFS;    ///< function symbols that mean FS
  /// Function symbols whose accesses through a register are all TLS.
  std::vector<llvm::Regex> MoveFS;
  std::vector<std::string> KeepSections;
  /// Fixed TCB offsets that are moved, first and last of each range.
  std::vector<std::pair<int64_t, int64_t>> TcbOffsets;
  bool AllowUnknown = false;

  bool movesTcbOffset(int64_t Offset) const;
};

/// The field's name of a kind and of an action, as the printed plan has them.
llvm::StringRef kindName(SiteKind K);
llvm::StringRef actionName(Action A);

/// Makes the plan of \p Obj. An error means that the file cannot be read as
/// what it claims to be; what is read but not understood is a site that is
/// refused.
llvm::Expected<Plan> makePlan(const ElfObject &Obj,
                              const RewriteConfig &Config);

} // namespace segshift
#endif
