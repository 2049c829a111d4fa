//===- PrepareIR.cpp - the IR half of code generation ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PrepareIR.h"
#include "../asm-text/AsmText.h"
#include "AsmOffsets.h"
#include "KeepFS.h"
#include "Options.h"
#include "segshift/abi.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/Pass.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace segshift;

//===----------------------------------------------------------------------===//
// Inline assembly
//===----------------------------------------------------------------------===//

const char segshift::UnknownMessage[] =
    "segshift: cannot tell whether this use of %fs is a thread-local "
    "variable's, the canary's or the program's own; give each a function of "
    "its own [SEG109]";

static constexpr char AsmMessage[] =
    "segshift: this assembly reaches a TLS variable through %fs, which belongs "
    "to the application; write %gs, or mark the function "
    "annotate(\"segshift.keep-fs\") [SEG103]";

/// What is at the places of the thread control block that inline assembly is
/// known to read by number, as C libraries' does.
static StringRef placeName(uint64_t Offset) {
  switch (Offset) {
  case SEGSHIFT_TCB_SELF:
  case SEGSHIFT_TCB_SELF2:
    return "thread pointer";
  case SEGSHIFT_TCB_CANARY:
    return "canary";
  case SEGSHIFT_TCB_PTR_GUARD:
    return "pointer guard";
  }
  return "";
}

/// A warning for each such place in \p Text, or nothing.
static std::string
asmOffsetMessage(StringRef Text,
                 function_ref<std::optional<int64_t>(unsigned)> Operand) {
  if (!asmOffsetsAllowed())
    for (uint64_t Offset : asmFSOffsets(Text, Operand))
      if (StringRef Name = placeName(Offset); !Name.empty())
        return ("segshift: this assembly uses %fs:0x" +
                Twine::utohexstr(Offset) + ", the application's " + Name +
                "; write %gs for the kernel's, or mark the function "
                "annotate(\"segshift.keep-fs\") [SEG114]")
            .str();
  return "";
}

/// The value of operand \p Index of \p Call's assembly, if it is a constant.
static std::optional<int64_t>
constantOperand(const CallBase &Call, const InlineAsm &Asm, unsigned Index) {
  unsigned Arg = 0;
  for (const auto &[I, C] : enumerate(Asm.ParseConstraints())) {
    if (I == Index) {
      auto *Value = C.hasArg() && Arg < Call.arg_size()
                        ? dyn_cast<ConstantInt>(Call.getArgOperand(Arg))
                        : nullptr;
      return Value ? std::optional(Value->getSExtValue()) : std::nullopt;
    }
    Arg += C.hasArg();
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Who uses the thread pointer
//===----------------------------------------------------------------------===//

/// Calls \p Fn for each function that uses \p V, through constants too.
static void forEachUsingFunction(const Value &V,
                                 function_ref<void(Function &)> Fn) {
  SmallVector<const Value *, 8> Worklist{&V};
  SmallPtrSet<const Value *, 8> Seen;
  while (!Worklist.empty())
    for (const User *U : Worklist.pop_back_val()->users()) {
      if (auto *I = dyn_cast<Instruction>(U))
        Fn(*const_cast<Function *>(I->getFunction()));
      else if (isa<Constant>(U) && Seen.insert(U).second)
        Worklist.push_back(U);
    }
}

/// Calls \p Fn for each thread-local variable and alias of \p M.
static void forEachTLSValue(Module &M, function_ref<void(GlobalValue &)> Fn) {
  for (GlobalVariable &GV : M.globals())
    if (GV.isThreadLocal())
      Fn(GV);
  for (GlobalAlias &GA : M.aliases())
    if (GA.isThreadLocal())
      Fn(GA);
}

//===----------------------------------------------------------------------===//
// A program's own accesses to %fs:0
//===----------------------------------------------------------------------===//

std::optional<uint64_t> segshift::constantFSAddress(const Value *Ptr,
                                                    const DataLayout &DL) {
  if (Ptr->getType()->getPointerAddressSpace() != AS_FS)
    return std::nullopt;
  APInt Offset(DL.getIndexTypeSizeInBits(Ptr->getType()), 0);
  const Value *Base = Ptr->stripAndAccumulateConstantOffsets(
      DL, Offset, /*AllowNonInbounds=*/true);
  if (Base->getType()->getPointerAddressSpace() != AS_FS)
    return std::nullopt;
  if (isa<ConstantPointerNull>(Base))
    return Offset.getZExtValue();
  if (auto *Cast = dyn_cast<ConstantExpr>(Base);
      Cast && Cast->getOpcode() == Instruction::IntToPtr)
    if (auto *Address = dyn_cast<ConstantInt>(Cast->getOperand(0)))
      return Address->getZExtValue() + Offset.getZExtValue();
  return std::nullopt;
}

/// The operands of \p I that are addresses which it reads or writes.
static SmallVector<unsigned, 2> addressOperands(const Instruction &I) {
  if (isa<LoadInst>(I))
    return {LoadInst::getPointerOperandIndex()};
  if (isa<StoreInst>(I))
    return {StoreInst::getPointerOperandIndex()};
  if (isa<AtomicRMWInst>(I))
    return {AtomicRMWInst::getPointerOperandIndex()};
  if (isa<AtomicCmpXchgInst>(I))
    return {AtomicCmpXchgInst::getPointerOperandIndex()};
  if (isa<AnyMemTransferInst>(I))
    return {0, 1};
  if (isa<AnyMemSetInst>(I))
    return {0};
  return {};
}

//===----------------------------------------------------------------------===//
// The canary
//===----------------------------------------------------------------------===//

static bool hasStackProtector(const Function &F) {
  return F.hasFnAttribute(Attribute::StackProtect) ||
         F.hasFnAttribute(Attribute::StackProtectStrong) ||
         F.hasFnAttribute(Attribute::StackProtectReq);
}

/// As X86TargetLowering::getIRStackGuard has it, and its callers.
Canary segshift::canaryOf(const Function &F, const TargetMachine &TM) {
  const Module &M = *F.getParent();
  const Triple &T = TM.getTargetTriple();
  const bool SafeStack = F.hasFnAttribute(Attribute::SafeStack);
  const StringRef Mode = M.getStackProtectorGuard();
  const StringRef Register = M.getStackProtectorGuardReg();
  Canary C;
  // Other targets have a variable. SafeStack does not ask for the mode.
  if (!hasStackProtector(F) || !(T.isOSGlibc() || T.isMusl()) ||
      !(SafeStack || Mode.empty() || Mode == "tls"))
    return C;
  // What the user names explicitly stays; the register, if it is left open,
  // becomes GS. In the kernel code model it is GS anyway.
  C.AskedFor = Register == "fs";
  if (!C.AskedFor &&
      (!Register.empty() || TM.getCodeModel() == CodeModel::Kernel))
    return C;
  C.AnyLoad = SafeStack;
  C.Name = M.getStackProtectorGuardSymbol();
  C.Place = C.Name.empty() ? Canary::Slot : Canary::Symbol;
  const int Offset = M.getStackProtectorGuardOffset();
  C.Offset = Offset == INT_MAX ? SEGSHIFT_TCB_CANARY : Offset;
  return C;
}

bool segshift::isCanarySymbol(const Value *V, const Canary &Guard) {
  return Guard.Place == Canary::Symbol && V && isa<GlobalValue>(V) &&
         V->getName() == Guard.Name;
}

bool segshift::isLateVariable(const GlobalValue &GV) {
  const StringRef Name = GV.getName();
  return Name == UnsafeStackVariable || Name == "__stack_chk_guard" ||
         Name == "__guard_local" ||
         Name == GV.getParent()->getStackProtectorGuardSymbol();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
class PrepareIR : public ModulePass {
public:
  static char ID;
  explicit PrepareIR(const TargetMachine &TM) : ModulePass(ID), TM(TM) {}

  StringRef getPassName() const override { return "segshift: prepare IR"; }
  bool doInitialization(Module &M) override;
  bool runOnModule(Module &M) override;

private:
  const TargetMachine &TM;
  // Of the module at hand:
  bool GuardIsTLS = false;
  SmallPtrSet<const MDNode *, 4> Warned; // lines of assembly, inlined or not

  void markKeepFS(Module &M);
  void refuseEmulatedTLS(Module &M);
  void setTLSModel(Module &M);
  void markTLSUsers(Module &M);
  void scanFunction(Function &F);
  void checkAsm(const CallBase &Call, const InlineAsm &Asm);
  void markLateTLS(Function &F);
  void markOwnFS(Function &F);
  void addNote(Module &M);
};
} // namespace

char PrepareIR::ID;

ModulePass *segshift::createPrepareIRPass(const TargetMachine &TM) {
  return new PrepareIR(TM);
}

static bool isElf64(const Triple &T) {
  return T.getArch() == Triple::x86_64 && T.isOSBinFormatELF();
}

/// Before the printer's, which prints the module's assembly.
bool PrepareIR::doInitialization(Module &M) {
  if (isElf64(TM.getTargetTriple()))
    addNote(M);
  return true;
}

bool PrepareIR::runOnModule(Module &M) {
  const Triple &T = TM.getTargetTriple();
  LLVMContext &Ctx = M.getContext();
  if (!isElf64(T)) {
    // Boot code for other modes of the machine is common in kernels, and has no
    // TLS; with TLS it would not fit the ABI.
    forEachTLSValue(M, [&](GlobalValue &GV) {
      Ctx.diagnose(
          DiagnosticInfoGeneric(Twine("segshift: thread-local variable '") +
                                    GV.getName() + "' stays as it is: target " +
                                    T.str() + " is not ELF x86-64 [SEG106]",
                                DS_Warning));
    });
    return false;
  }
  if (T.isX32()) {
    Ctx.diagnose(DiagnosticInfoGeneric(
        "segshift: the x32 ABI is not supported; compile for x86_64 or leave "
        "the plugin out for this target [SEG105]"));
    return false;
  }

  if (T.isOSFuchsia() || T.isAndroid()) {
    Ctx.diagnose(DiagnosticInfoGeneric(
        Twine("segshift: target ") + T.str() +
        " keeps its canary or SafeStack's pointer in slots that are not the GS "
        "ABI's; compile for x86_64-linux-gnu or x86_64-unknown-none-elf, or "
        "leave the plugin out for this target [SEG111]"));
    return false;
  }

  markKeepFS(M);
  if (TM.useEmulatedTLS())
    refuseEmulatedTLS(M);
  else
    setTLSModel(M);
  markTLSUsers(M);
  if (asmNamesTLSUnderFS(M.getModuleInlineAsm()))
    Ctx.diagnose(DiagnosticInfoGeneric(
        "segshift: file-scope assembly reaches a TLS variable through %fs, "
        "which belongs to the application; write %gs instead [SEG104]"));
  std::string Offset = asmOffsetMessage(M.getModuleInlineAsm(),
                                        [](unsigned) { return std::nullopt; });
  if (!Offset.empty())
    Ctx.diagnose(DiagnosticInfoGeneric(Offset, DS_Warning));
  Warned.clear();
  GuardIsTLS = false;
  forEachTLSValue(M, [&](GlobalValue &GV) {
    GuardIsTLS |= isLateVariable(GV) && GV.getName() != UnsafeStackVariable;
  });
  for (Function &F : M)
    if (!F.isDeclaration())
      scanFunction(F);
  return true;
}

void PrepareIR::markKeepFS(Module &M) {
  forEachKeepFSFunction(M, [](Function &F) {
    warnIfOptimisedWithoutPlugin(F);
    F.addFnAttr(KeepFSAttr);
  });
}

void PrepareIR::refuseEmulatedTLS(Module &M) {
  static constexpr char Text[] =
      "segshift: emulated TLS has no thread pointer to move; compile without "
      "-femulated-tls [SEG101]";
  forEachTLSValue(M, [&](GlobalValue &GV) {
    bool Reported = false;
    forEachUsingFunction(GV, [&](Function &F) {
      if (!Reported)
        M.getContext().diagnose(DiagnosticInfoUnsupported(F, Text));
      Reported = true;
    });
    if (!Reported)
      M.getContext().diagnose(DiagnosticInfoGeneric(
          Twine(Text) + " (variable '" + GV.getName() + "')"));
  });
}

void PrepareIR::setTLSModel(Module &M) {
  if (dynamicModel() == DynamicModel::Keep)
    return;
  auto Wanted = dynamicModel() == DynamicModel::LocalExec
                    ? GlobalValue::LocalExecTLSModel
                    : GlobalValue::InitialExecTLSModel;
  forEachTLSValue(M, [&](GlobalValue &GV) {
    TLSModel::Model Effective = TM.getTLSModel(&GV);
    if (Effective == TLSModel::GeneralDynamic ||
        Effective == TLSModel::LocalDynamic)
      GV.setThreadLocalMode(Wanted);
  });
}

void PrepareIR::markTLSUsers(Module &M) {
  auto Mark = [](Function &F) { F.addFnAttr(UsesTLSAttr); };
  if (!TM.useEmulatedTLS())
    forEachTLSValue(M,
                    [&](GlobalValue &GV) { forEachUsingFunction(GV, Mark); });
  if (Function *ThreadPointer = Intrinsic::getDeclarationIfExists(
          &M, Intrinsic::thread_pointer,
          PointerType::getUnqual(M.getContext())))
    forEachUsingFunction(*ThreadPointer, Mark);
  for (Intrinsic::ID ID :
       {Intrinsic::x86_rdfsbase_32, Intrinsic::x86_rdfsbase_64,
        Intrinsic::x86_wrfsbase_32, Intrinsic::x86_wrfsbase_64})
    if (Function *Base = Intrinsic::getDeclarationIfExists(&M, ID))
      forEachUsingFunction(*Base,
                           [](Function &F) { F.addFnAttr(HasFSAsmAttr); });
}

void PrepareIR::checkAsm(const CallBase &Call, const InlineAsm &Asm) {
  LLVMContext &Ctx = Call.getContext();
  if (asmNamesTLSUnderFS(Asm.getAsmString()))
    Ctx.diagnose(DiagnosticInfoInlineAsm(Call, AsmMessage));
  std::string Offset =
      asmOffsetMessage(Asm.getAsmString(), [&](unsigned Index) {
        return constantOperand(Call, Asm, Index);
      });
  const MDNode *Line = Call.getMetadata("srcloc");
  if (!Offset.empty() && (!Line || Warned.insert(Line).second))
    Ctx.diagnose(DiagnosticInfoInlineAsm(Call, Offset, DS_Warning));
}

void PrepareIR::scanFunction(Function &F) {
  if (F.hasFnAttribute("split-stack"))
    F.getContext().diagnose(DiagnosticInfoUnsupported(
        F, "segshift: split stacks keep their limit at %fs:0x70; compile "
           "without -fsplit-stack [SEG102]"));
  markLateTLS(F);

  const bool KeepFS = F.hasFnAttribute(KeepFSAttr);
  for (const Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    auto *Asm = Call ? dyn_cast<InlineAsm>(Call->getCalledOperand()) : nullptr;
    if (!Asm)
      continue;
    StringRef Text = Asm->getAsmString();
    if (!asmNamesFS(Text))
      continue;
    F.addFnAttr(HasFSAsmAttr);
    if (!KeepFS)
      checkAsm(*Call, *Asm);
  }
  markOwnFS(F);
}

/// What the stack protector and SafeStack will make of thread-local variables.
void PrepareIR::markLateTLS(Function &F) {
  if (!F.hasFnAttribute(Attribute::SafeStack) &&
      !(GuardIsTLS && hasStackProtector(F)))
    return;
  F.addFnAttr(LateTLSAttr);
  if (!F.hasFnAttribute(KeepFSAttr))
    return;
  // Theirs move, the function's own stay.
  forEachTLSValue(*F.getParent(), [&](GlobalValue &GV) {
    if (isLateVariable(GV))
      forEachUsingFunction(GV, [&](Function &User) {
        if (&User == &F)
          F.getContext().diagnose(DiagnosticInfoUnsupported(
              F, Twine(UnknownMessage) + " (variable '" + GV.getName() + "')"));
      });
  });
}

/// The pointers by which \p I reaches memory, as numbers of operands.
static SmallVector<unsigned, 2> pointerOperands(const Instruction &I) {
  SmallVector<unsigned, 2> Operands = addressOperands(I);
  if (Operands.empty())
    if (auto *Call = dyn_cast<CallBase>(&I))
      for (unsigned Arg = 0; Arg < Call->arg_size(); ++Arg)
        if (Call->getArgOperand(Arg)->getType()->isPtrOrPtrVectorTy())
          Operands.push_back(Arg);
  return Operands;
}

void PrepareIR::markOwnFS(Function &F) {
  const bool KeepFS = F.hasFnAttribute(KeepFSAttr);
  const bool LateTLS = F.hasFnAttribute(LateTLSAttr);
  const bool LoadsThreadPointer =
      LateTLS || (F.hasFnAttribute(UsesTLSAttr) && !KeepFS);
  const Canary Guard = canaryOf(F, TM);
  const DataLayout &DL = F.getDataLayout();

  // The thread pointer is loaded from null; the canary by a volatile load.
  auto IsConfusable = [&](const Instruction &I, uint64_t Address) {
    return (LoadsThreadPointer && Address == 0) ||
           (Guard.Place == Canary::Slot && Address == Guard.Offset &&
            (Guard.AnyLoad || I.isVolatile()));
  };
  auto Refuse = [&](const Instruction &I, StringRef Message) {
    F.getContext().diagnose(
        DiagnosticInfoUnsupported(F, Message, I.getDebugLoc()));
  };
  bool HasOwnFS = false;
  SmallSetVector<uint64_t, 8> Addresses;
  for (Instruction &I : instructions(F))
    for (unsigned Operand : pointerOperands(I)) {
      Value *Ptr = I.getOperand(Operand);
      if (Ptr->getType()->getPointerAddressSpace() != AS_FS)
        continue;
      HasOwnFS = true;
      if (isCanarySymbol(Ptr, Guard) && (Guard.AnyLoad || I.isVolatile()))
        Refuse(I, UnknownMessage);
      std::optional<uint64_t> Address = Ptr->getType()->isPointerTy()
                                            ? constantFSAddress(Ptr, DL)
                                            : std::nullopt;
      if (!Address)
        continue;
      Addresses.insert(*Address);
      if (!LoadsThreadPointer && Guard.Place == Canary::None)
        continue;
      if (*Address >= OwnFSMarker && *Address < OwnFSMarkerEnd)
        Refuse(I, "segshift: offsets of FS from 0x5e600000 to 0x5e6fffff are "
                  "used by the plugin itself [SEG108]");
      else if (IsConfusable(I, *Address)) {
        Type *Int = DL.getIntPtrType(I.getContext(), AS_FS);
        I.setOperand(Operand, ConstantExpr::getIntToPtr(
                                  ConstantInt::get(Int, *Address + OwnFSMarker),
                                  Ptr->getType()));
        F.addFnAttr(MarkedOwnFSAttr);
      }
    }
  if (!HasOwnFS)
    return;
  std::string List;
  for (uint64_t Address : Addresses)
    List += utohexstr(Address) + ",";
  F.addFnAttr(OwnFSAttr, List);
}

void PrepareIR::addNote(Module &M) {
  // As assembly: of IR no section comes that is not loaded, as the mark that
  // link maps show is (docs/abi.md, "The note").
  if (StringRef(M.getModuleInlineAsm()).contains(SEGSHIFT_NOTE_SECTION))
    return; // code is generated a second time, as by llc -compile-twice
  static_assert(sizeof(SEGSHIFT_NOTE_NAME) == 9);
  std::string Text;
  raw_string_ostream(Text) << ".pushsection " SEGSHIFT_NOTE_SECTION
                              ",\"aM\",@note,32\n"
                           << ".p2align 2\n"
                           << ".long 9, 8, " << SEGSHIFT_NOTE_TYPE << "\n"
                           << ".asciz \"" SEGSHIFT_NOTE_NAME "\"\n"
                           << ".p2align 2\n"
                           << ".long " << SEGSHIFT_ABI_VERSION << ", "
                           << SEGSHIFT_MADE_BY_PLUGIN << "\n.popsection\n"
                           << ".pushsection " SEGSHIFT_OBJECT_SECTION
                              ",\"\",@progbits\n"
                           << ".byte " << SEGSHIFT_MADE_BY_PLUGIN
                           << "\n.popsection\n";
  M.appendModuleInlineAsm(Text);
}
