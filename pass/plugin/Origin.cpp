//===- Origin.cpp - where a use of FS came from ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Origin.h"
#include "KeepFS.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineInstr.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace segshift;

OriginFinder::OriginFinder(const MachineFunction &MF, MCRegister FS)
    : FS(FS), DL(MF.getDataLayout()) {
  const Function &F = MF.getFunction();
  KeepFS = F.hasFnAttribute(KeepFSAttr);
  SourceTLS = F.hasFnAttribute(UsesTLSAttr);
  LateTLS = F.hasFnAttribute(LateTLSAttr);
  Attribute Own = F.getFnAttribute(OwnFSAttr);
  OwnFS = Own.isValid();
  if (OwnFS)
    for (StringRef Part : split(Own.getValueAsString(), ','))
      if (uint64_t Address; !Part.getAsInteger(16, Address))
        OwnAddresses.push_back(Address);
  if (MF.getFrameInfo().hasStackProtectorIndex() ||
      F.hasFnAttribute(Attribute::SafeStack))
    Guard = canaryOf(F, MF.getTarget());
}

const GlobalValue *segshift::variableOf(const MachineInstr &MI) {
  for (const MachineOperand &MO : MI.operands())
    if (MO.isGlobal() && MO.getGlobal()->isThreadLocal())
      return MO.getGlobal();
  for (const MachineMemOperand *MMO : MI.memoperands())
    if (const Value *V = MMO->getValue()) {
      const Value *Object = getUnderlyingObject(V);
      if (auto *II = dyn_cast<IntrinsicInst>(Object);
          II && II->getIntrinsicID() == Intrinsic::threadlocal_address)
        Object = II->getArgOperand(0);
      if (auto *GV = dyn_cast<GlobalValue>(Object); GV && GV->isThreadLocal())
        return GV;
    }
  return nullptr;
}

Origin OriginFinder::ofVariable(const GlobalValue &GV) const {
  if (!LateTLS || !isLateVariable(GV))
    return Origin::TLS;
  return GV.getName() == UnsafeStackVariable ? Origin::UnsafeStack
                                             : Origin::Canary;
}

/// Of a use that does not tell for which variable it is.
Origin OriginFinder::ofThreadPointer() const {
  if (!KeepFS || !LateTLS)
    return SourceTLS || LateTLS ? Origin::TLS : Origin::Unknown;
  // The program's variables stay, those of the late passes move.
  return SourceTLS ? Origin::Unknown : Origin::UnsafeStack;
}

/// Of an access through a pointer in the address space of FS.
Origin OriginFinder::ofPointer(const MachineMemOperand &MMO) const {
  const Value *V = MMO.getValue();
  std::optional<uint64_t> Address = V ? constantFSAddress(V, DL) : std::nullopt;
  const bool IsOwn = Address ? is_contained(OwnAddresses, *Address) : OwnFS;
  if (Guard.Place != Canary::None && (Guard.AnyLoad || MMO.isVolatile()) &&
      !MMO.isStore() &&
      (Guard.Place == Canary::Symbol ? isCanarySymbol(V, Guard)
                                     : Address == Guard.Offset))
    return Guard.AskedFor ? Origin::AskedFor : Origin::Canary;
  // The thread pointer's own load is from null. So is no load of the program in
  // a function in which the two could be mixed up, see OwnFSMarker.
  if (V && isa<ConstantPointerNull>(V) && MMO.getOffset() == 0 &&
      (SourceTLS || LateTLS))
    return ofThreadPointer();
  return IsOwn ? Origin::OwnPointer : Origin::Unknown;
}

Origin OriginFinder::of(const MachineInstr &MI) const {
  std::optional<Origin> Found;
  auto Add = [&](Origin O) {
    // Tail merging takes two accesses for one that differ in no byte.
    Found = Found && *Found != O ? Origin::Unknown : O;
  };
  bool HasPlain = false;
  for (const MachineMemOperand *MMO : MI.memoperands())
    if (MMO->getAddrSpace() == AS_FS)
      Add(ofPointer(*MMO));
    else
      HasPlain = true;
  if (const GlobalValue *GV = variableOf(MI)) {
    Add(ofVariable(*GV));
    return *Found;
  }
  // Folded into an address the thread pointer leaves no trace but the segment.
  // The program's own *(T *__seg_fs *)0 can be folded like it, except where it
  // has OwnFSMarker.
  const bool UsesTLS = SourceTLS || LateTLS;
  if (HasPlain)
    Add(UsesTLS                          ? ofThreadPointer()
        : is_contained(OwnAddresses, 0u) ? Origin::OwnPointer
                                         : Origin::Unknown);
  if (Found)
    return *Found;
  // No memory operand: some instructions never have one; merging can drop it.
  if (UsesTLS && (!OwnFS || MI.isInlineAsm()))
    return ofThreadPointer();
  return OwnFS && !UsesTLS ? Origin::OwnPointer : Origin::Unknown;
}
