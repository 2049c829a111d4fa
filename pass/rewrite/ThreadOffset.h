//===- ThreadOffset.h - registers that hold a TLS offset -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `mov %fs:(%rax),%eax` is a TLS access only if %rax holds an offset from the
// thread pointer. This is a forward data-flow analysis over the functions of
// one object that says so: a register holds a TLS offset at an instruction if
// it does on every path that leads there.
//
// Sources are loads from a GOTTPOFF slot, x@tpoff constants and results of TLS
// descriptor calls (psABI supplement "ELF Handling For Thread-Local Storage");
// copies, additions, spills to the stack, and calls of functions that leave the
// register alone (CallEffects.h) carry the property on.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_THREADOFFSET_H
#define SEGSHIFT_REWRITE_THREADOFFSET_H

#include "CallEffects.h"
#include "disasm/ExceptionTable.h"
#include "disasm/PatchSites.h"
#include <array>
#include <initializer_list>
#include <map>

namespace segshift {

enum class ValueKind : uint8_t {
  Top,           ///< no value: not reached, or lost in a call
  LocalExec,     ///< an x@tpoff constant, perhaps plus something
  InitialExec,   ///< from a GOTTPOFF slot, or different kinds on two paths
  Descriptor,    ///< the result of a TLS descriptor call
  DescriptorPtr, ///< the address of a TLS descriptor
  ThreadPointer, ///< the thread pointer itself
  CanaryOffset,  ///< the canary's offset from it
  Unknown
};

inline bool isThreadOffset(ValueKind V) {
  return V == ValueKind::LocalExec || V == ValueKind::InitialExec ||
         V == ValueKind::Descriptor;
}

/// Ways of control that no instruction shows, of a whole file.
struct HiddenFlow {
  std::vector<CallSite> CallSites;
  std::vector<PatchSite> PatchSites;
};

/// Answers for the instructions of one range, or of a range and those that
/// jump into it.
class ThreadOffsets {
public:
  ThreadOffsets(const CodeReader &Reader, CallEffects &Effects,
                const HiddenFlow &Hidden)
      : Reader(Reader), Effects(Effects), Hidden(Hidden) {}

  /// Adds the instructions of a range (Standing::Code only).
  void add(const CodeRange &Range, llvm::ArrayRef<CodeEntry> Entries);
  /// Solves the equations for all that was added.
  void solve();
  /// What base and index of the memory operand of the instruction at
  /// \p Address hold before it. Unknown for a register that is not there.
  std::pair<ValueKind, ValueKind> operands(unsigned Region,
                                           uint64_t Address) const;

private:
  static constexpr unsigned NumRegs = 16, NoReg = 16;
  using Slot = std::pair<unsigned, int64_t>; // register, displacement

  /// Values at one point: 64-bit general-purpose registers, and 8-byte stack
  /// slots relative to %rsp or %rbp (absent: Unknown).
  struct State {
    bool Reached = false;
    std::array<ValueKind, NumRegs> Regs;
    std::map<Slot, ValueKind> Slots;
    State() { Regs.fill(ValueKind::Top); }
  };
  struct Block {
    size_t First = 0, Last = 0; // indices in Places, both included
    std::vector<size_t> Successors;
    bool IsEntry = false, HasPredecessor = false, IsPadding = false;
    bool IsSwitch = false; // ends in an indirect jump with known targets
    Flow End = Flow::Next;
    State In;
  };
  struct Place {
    unsigned Region;
    CodeEntry Entry;
    bool IsEntry;
  };

  /// From and To are indices in Places.
  struct Jump {
    size_t From, To;
  };
  void buildBlocks();
  void addExceptions(std::vector<Jump> &Jumps) const;
  std::vector<Jump> patchJumps() const;
  bool isColdPart(const Block &B) const;
  void connectOrphans(llvm::ArrayRef<Jump> Jumps);
  size_t find(unsigned Region, uint64_t Address) const;
  std::vector<size_t> switchTargets(size_t Index) const;
  static bool meet(State &Into, const State &From);
  State run(size_t First, size_t End, State S) const;
  void step(const Insn &I, unsigned Region, State &S) const;
  void call(const Insn &I, unsigned Region, State &S) const;
  void moveStack(State &S, int64_t By) const;
  bool neverReturns(const Insn &I, unsigned Region) const;
  ValueKind constant(const Insn &I, unsigned Region, int64_t Value) const;
  ValueKind loaded(const Insn &I, unsigned Region, const State &S) const;
  std::optional<Slot> slot(const Insn &I) const;
  unsigned number(llvm::MCRegister R) const;
  ValueKind get(const State &S, llvm::MCRegister R) const;
  void set(State &S, llvm::MCRegister R, ValueKind V) const;

  const CodeReader &Reader;
  CallEffects &Effects;
  const HiddenFlow &Hidden;
  std::vector<Place> Places; // in order of (region, address)
  std::vector<Block> Blocks;
  std::vector<size_t> BlockOf; // by index in Places
};

/// The relocation of one of \p Types in the instruction, or null.
const Relocation *findRelocation(const ElfObject &Obj, unsigned Region,
                                 const Insn &I,
                                 std::initializer_list<uint32_t> Types);

} // namespace segshift
#endif
