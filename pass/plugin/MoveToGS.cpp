//===- MoveToGS.cpp - the machine half of code generation -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoveToGS.h"
#include "../asm-text/AsmText.h"
#include "FSSites.h"
#include "KeepFS.h"
#include "Options.h"
#include "Origin.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/MachineOptimizationRemarkEmitter.h"
#include "llvm/CodeGen/MachineRegisterInfo.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/LLVMRemarkStreamer.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace segshift;

#define PASS_NAME "segshift"

namespace {

class MoveToGS : public MachineFunctionPass {
public:
  static char ID;
  MoveToGS() : MachineFunctionPass(ID) {}

  StringRef getPassName() const override {
    return "segshift: move TLS from FS to GS";
  }
  void getAnalysisUsage(AnalysisUsage &AU) const override {
    AU.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(AU);
  }
  bool doInitialization(Module &M) override;
  bool runOnMachineFunction(MachineFunction &MF) override;
  bool doFinalization(Module &M) override;

private:
  MCRegister FS, GS;
  bool RemarksWanted = false;
  unsigned Moved = 0, Kept = 0, MovedCanaries = 0;
  SmallPtrSet<const MachineInstr *, 8> KeptInstrs; // of the current function

  void findRegisters(const TargetRegisterInfo &TRI);
  void move(MachineInstr &MI);
  void moveCanary(MachineInstr &MI);
  void decideUses(MachineFunction &MF);
  void keep(MachineInstr &MI, StringRef Why);  // and write it down
  void leave(MachineInstr &MI, StringRef Why); // for the audit to find
  void remark(const MachineInstr &MI, StringRef Name, const Twine &Text,
              bool Passed);
};

} // namespace

char MoveToGS::ID;
char &segshift::MoveToGSID = MoveToGS::ID;
static RegisterPass<MoveToGS> Registration(PASS_NAME, "Move TLS from FS to GS");

bool MoveToGS::doInitialization(Module &M) {
  LLVMContext &Ctx = M.getContext();
  RemarksWanted = Ctx.getLLVMRemarkStreamer() ||
                  Ctx.getDiagHandlerPtr()->isAnyRemarkEnabled(PASS_NAME);
  return false;
}

bool MoveToGS::doFinalization(Module &M) {
  if (statsWanted()) {
    // One write: thin LTO has several of these at once.
    std::string Line;
    raw_string_ostream(Line)
        << PASS_NAME ": " << M.getSourceFileName() << ": " << Moved
        << " TLS uses moved to GS, " << Kept << " FS uses left alone, "
        << MovedCanaries << " canary loads moved to GS\n";
    errs() << Line;
  }
  Moved = Kept = MovedCanaries = 0;
  return false;
}

/// LLVM does not install the header with X86's register numbers.
void MoveToGS::findRegisters(const TargetRegisterInfo &TRI) {
  if (FS)
    return;
  for (unsigned R = 1; R < TRI.getNumRegs(); ++R) {
    StringRef Name = TRI.getName(R);
    if (Name == "FS")
      FS = R;
    else if (Name == "GS")
      GS = R;
  }
}

static bool isFSBaseInstruction(const MachineInstr &MI,
                                const TargetInstrInfo &TII) {
  StringRef Name = TII.getName(MI.getOpcode());
  return Name.starts_with("RDFSBASE") || Name.starts_with("WRFSBASE");
}

/// The instructions with \p Reg as an explicit operand, in no particular order.
static SmallVector<MachineInstr *, 8> usersOf(MCRegister Reg,
                                              const MachineRegisterInfo &MRI) {
  SmallSetVector<MachineInstr *, 8> Users;
  for (MachineOperand &MO : MRI.reg_operands(Reg))
    if (!MO.isImplicit())
      Users.insert(MO.getParent());
  return Users.takeVector();
}

static void replaceRegister(MachineInstr &MI, MCRegister From, MCRegister To) {
  for (MachineOperand &MO : MI.operands())
    if (MO.isReg() && !MO.isImplicit() && MO.getReg() == From)
      MO.setReg(To);
}

/// Takes OwnFSMarker off the address of \p MI. \returns whether it was there.
/// Of the five operands of an x86 address the displacement is the fourth and
/// the segment the fifth (llvm/lib/Target/X86/MCTargetDesc/X86BaseInfo.h).
static bool unmarkOwnFS(MachineInstr &MI, MCRegister FS) {
  auto IsMarked = [](int64_t Address) {
    return Address >= OwnFSMarker && Address < OwnFSMarkerEnd;
  };
  for (unsigned I = 4; I < MI.getNumExplicitOperands(); ++I) {
    const MachineOperand &Segment = MI.getOperand(I);
    MachineOperand &Disp = MI.getOperand(I - 1);
    if (Segment.isReg() && Segment.getReg() == FS && Disp.isImm() &&
        IsMarked(Disp.getImm())) {
      Disp.setImm(Disp.getImm() - OwnFSMarker);
      return true;
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Writing down the sites
//===----------------------------------------------------------------------===//

/// Has the instruction's address written to the section of sites. The same node
/// serves a whole function: emitPCSections goes through its nodes in the order
/// of pointers, and output must be reproducible.
static void addSiteBound(MachineInstr &MI) {
  MachineFunction &MF = *MI.getMF();
  LLVMContext &Ctx = MF.getFunction().getContext();
  CodeModel::Model CM = MF.getTarget().getCodeModel();
  bool Wide = CM == CodeModel::Medium || CM == CodeModel::Large;
  SmallVector<Metadata *, 4> Ops;
  if (MDNode *Present = MI.getPCSections())
    Ops.append(Present->op_begin(), Present->op_end());
  Ops.push_back(MDString::get(Ctx, Wide ? SitesSection64 : SitesSection));
  MI.setPCSections(MF, MDNode::get(Ctx, Ops));
}

/// Writes down where each run of kept instructions begins and ends.
static void addSites(MachineFunction &MF,
                     const SmallPtrSetImpl<const MachineInstr *> &Kept) {
  bool Inside = false;
  auto Toggle = [&](MachineInstr &MI) {
    addSiteBound(MI);
    Inside = !Inside;
  };
  for (MachineBasicBlock &MBB : MF) {
    for (MachineInstr &MI : MBB)
      if (Kept.contains(&MI) != Inside)
        Toggle(MI);
    // A run ends with its block, for blocks may still be put elsewhere; only
    // behind a terminator (asm goto) nothing can stand but at the very end.
    // This pseudo instruction bears the label, and is no code.
    if (Inside && (!MBB.back().isTerminator() || &MBB == &MF.back()))
      Toggle(*BuildMI(&MBB, DebugLoc(),
                      MF.getSubtarget().getInstrInfo()->get(
                          TargetOpcode::JUMP_TABLE_DEBUG_INFO))
                  .addImm(0));
  }
}

void MoveToGS::decideUses(MachineFunction &MF) {
  const Function &F = MF.getFunction();
  const bool KeepFS = F.hasFnAttribute(KeepFSAttr);
  const bool MarkedOwnFS = F.hasFnAttribute(MarkedOwnFSAttr);
  const bool LateTLS = F.hasFnAttribute(LateTLSAttr);
  const OriginFinder Finder(MF, FS);
  for (MachineInstr *MI : usersOf(FS, MF.getRegInfo())) {
    if (MarkedOwnFS && unmarkOwnFS(*MI, FS)) {
      keep(*MI, "the program's own use of %fs");
      continue;
    }
    const Origin O = Finder.of(*MI);
    // Of such a function all stays that is its own. The stack is the kernel's.
    if (KeepFS && (O == Origin::TLS || O == Origin::OwnPointer ||
                   (O == Origin::Unknown && !LateTLS))) {
      keep(*MI, "the function is marked segshift.keep-fs");
      continue;
    }
    switch (O) {
    case Origin::OwnPointer:
      keep(*MI, "the program's own use of %fs");
      break;
    case Origin::TLS:
    case Origin::UnsafeStack:
      move(*MI);
      break;
    case Origin::Canary:
      moveCanary(*MI);
      break;
    case Origin::AskedFor: // by an option, which is not a mark in the source
      leave(*MI, "-mstack-protector-guard-reg=fs");
      break;
    case Origin::Unknown:
      if (!F.hasFnAttribute("split-stack")) // refused already
        F.getContext().diagnose(
            DiagnosticInfoUnsupported(F, UnknownMessage, MI->getDebugLoc()));
      break;
    }
  }
}

bool MoveToGS::runOnMachineFunction(MachineFunction &MF) {
  const MachineRegisterInfo &MRI = MF.getRegInfo();
  const Function &F = MF.getFunction();
  const TargetInstrInfo &TII = *MF.getSubtarget().getInstrInfo();
  findRegisters(*MF.getSubtarget().getRegisterInfo());
  KeptInstrs.clear();

  if (!MRI.reg_empty(FS))
    decideUses(MF);
  if (F.hasFnAttribute(HasFSAsmAttr))
    for (MachineBasicBlock &MBB : MF)
      for (MachineInstr &MI : MBB) {
        if (MI.isInlineAsm() && asmNamesFS(MI.getOperand(0).getSymbolName()))
          keep(MI, "inline assembly");
        else if (isFSBaseInstruction(MI, TII))
          keep(MI, "an access to the FS base");
      }
  if (!KeptInstrs.empty())
    addSites(MF, KeptInstrs);
  // Only operands that emission prints are changed, no analysis sees them.
  return false;
}

//===----------------------------------------------------------------------===//
// Changing and writing down
//===----------------------------------------------------------------------===//

static const GlobalValue *namedVariable(const MachineInstr &MI) {
  for (const MachineOperand &MO : MI.operands())
    if (MO.isGlobal() && MO.getGlobal()->isThreadLocal())
      return MO.getGlobal();
  return nullptr;
}

/// The variable whose offset a register that \p MI reads was loaded with.
static const GlobalValue *variableInRegisters(const MachineInstr &MI,
                                              const TargetRegisterInfo &TRI) {
  const MachineBasicBlock &MBB = *MI.getParent();
  for (const MachineOperand &MO : MI.explicit_operands()) {
    if (!MO.isReg() || !MO.isUse() || !MO.getReg().isPhysical())
      continue;
    for (auto I = MI.getIterator(); I != MBB.begin();)
      if ((--I)->modifiesRegister(MO.getReg(), &TRI)) {
        if (const GlobalValue *GV = namedVariable(*I))
          return GV;
        break;
      }
  }
  return nullptr;
}

/// The thread-local variable that \p MI reaches, if that can be seen: it names
/// it, its memory operand knows it, or it shares a register with an instruction
/// of the block that names it (its GOT load before, its TPOFF behind).
static const GlobalValue *accessedVariable(const MachineInstr &MI,
                                           const TargetRegisterInfo &TRI) {
  if (const GlobalValue *GV = variableOf(MI))
    return GV;
  if (const GlobalValue *GV = variableInRegisters(MI, TRI))
    return GV;
  for (const MachineOperand &Def : MI.defs())
    for (auto I = std::next(MI.getIterator()); I != MI.getParent()->end();
         ++I) {
      if (I->readsRegister(Def.getReg(), &TRI)) {
        if (const GlobalValue *GV = namedVariable(*I))
          return GV;
        if (const GlobalValue *GV = variableInRegisters(*I, TRI))
          return GV;
      }
      if (I->modifiesRegister(Def.getReg(), &TRI))
        break;
    }
  return nullptr;
}

void MoveToGS::move(MachineInstr &MI) {
  replaceRegister(MI, FS, GS);
  ++Moved;
  if (!RemarksWanted)
    return;
  const TargetRegisterInfo &TRI = *MI.getMF()->getSubtarget().getRegisterInfo();
  if (const GlobalValue *GV = accessedVariable(MI, TRI))
    remark(MI, "Moved",
           "access to thread-local '" + demangle(GV->getName()) +
               "' moved to %gs",
           /*Passed=*/true);
  else
    remark(MI, "Moved", "use of the thread pointer moved to %gs",
           /*Passed=*/true);
}

void MoveToGS::moveCanary(MachineInstr &MI) {
  replaceRegister(MI, FS, GS);
  ++MovedCanaries;
  if (!RemarksWanted)
    return;
  const Function &F = MI.getMF()->getFunction();
  F.getContext().diagnose(
      MachineOptimizationRemark(PASS_NAME, "Canary",
                                DiagnosticLocation(F.getSubprogram()),
                                MI.getParent())
      << "load of the canary of '" << demangle(F.getName())
      << "' moved to %gs");
}

void MoveToGS::keep(MachineInstr &MI, StringRef Why) {
  KeptInstrs.insert(&MI);
  leave(MI, Why);
}

void MoveToGS::leave(MachineInstr &MI, StringRef Why) {
  ++Kept;
  if (RemarksWanted)
    remark(MI, "Kept", "%fs left alone: " + Why, /*Passed=*/false);
}

void MoveToGS::remark(const MachineInstr &MI, StringRef Name, const Twine &Text,
                      bool Passed) {
  LLVMContext &Ctx = MI.getMF()->getFunction().getContext();
  if (Passed)
    Ctx.diagnose(MachineOptimizationRemark(PASS_NAME, Name, MI.getDebugLoc(),
                                           MI.getParent())
                 << Text.str());
  else
    Ctx.diagnose(MachineOptimizationRemarkMissed(
                     PASS_NAME, Name, MI.getDebugLoc(), MI.getParent())
                 << Text.str());
}
