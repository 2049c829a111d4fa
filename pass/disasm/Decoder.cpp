//===- Decoder.cpp - x86-64 instruction decoder --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Decoder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCInstrAnalysis.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"
#include <cstring>
#include <mutex>

using namespace llvm;

namespace segshift {

/// What does not change between two instructions of the same opcode.
struct OpcodeInfo {
  bool IsPrefix : 1; ///< a lone prefix byte, decoded as an instruction
  bool IsLea : 1;
  bool NoAccess : 1;       ///< memory operand without an access: lea, nop
  bool ImplicitSource : 1; ///< reads or writes DS:reg without an operand for it
  bool IsString : 1;       ///< with rep, it counts in RCX
  bool IsLoop : 1;         ///< counts in RCX
  Flow ControlFlow;
};

struct Decoder::Impl {
  Triple TT{"x86_64-unknown-linux-gnu"};
  MCTargetOptions Options;
  std::unique_ptr<MCRegisterInfo> MRI;
  std::unique_ptr<MCAsmInfo> MAI;
  std::unique_ptr<MCInstrInfo> MII;
  std::unique_ptr<MCSubtargetInfo> STI;
  std::unique_ptr<MCContext> Ctx;
  std::unique_ptr<MCDisassembler> Dis;
  std::unique_ptr<MCInstrAnalysis> MIA;
  std::unique_ptr<MCInstPrinter> Printer;
  std::vector<OpcodeInfo> Opcodes;
  std::vector<MCRegister> Full; // by register number
  StringMap<MCRegister> ByName;
  MCRegister FS, GS, RCX;
};

static OpcodeInfo classify(StringRef Name, const MCInstrDesc &D) {
  OpcodeInfo I = {};
  I.IsPrefix = Name.ends_with("_PREFIX");
  I.IsLea = Name.starts_with("LEA") && Name != "LEAVE" && Name != "LEAVE64";
  I.NoAccess = I.IsLea || Name.starts_with("NOOP");
  // Intel SDM volume 2: these take a segment override for an address that is
  // implicit in LLVM's instruction.
  I.ImplicitSource = Name == "XLAT" || Name.contains("MASKMOVQ") ||
                     Name.contains("MASKMOVDQU") ||
                     Name.starts_with("MONITOR") ||
                     Name.starts_with("UMONITOR") || Name.starts_with("CLZERO");
  I.IsString =
      !Name.empty() && StringRef("BWLQ").contains(Name.back()) &&
      is_contained({"MOVS", "STOS", "LODS", "CMPS", "SCAS", "INS", "OUTS"},
                   Name.drop_back());
  I.IsLoop = Name.starts_with("LOOP");
  if (D.isReturn() || Name == "TRAP" || Name == "HLT" ||
      Name.starts_with("UD1") || Name.starts_with("IRET") ||
      Name.starts_with("SYSRET") || Name.starts_with("SYSEXIT") ||
      Name == "UIRET" || Name == "ERETU" || Name == "ERETS")
    I.ControlFlow = Flow::Stop;
  else if (D.isCall())
    I.ControlFlow = Name.contains("pcrel") ? Flow::Call : Flow::IndirectCall;
  else if (D.isIndirectBranch() || Name.starts_with("FARJMP"))
    I.ControlFlow = Flow::IndirectJump;
  else if (Name.starts_with("JMP_"))
    I.ControlFlow = Flow::Jump;
  else if (D.isBranch() || I.IsLoop || Name == "XBEGIN_2" || Name == "XBEGIN_4")
    I.ControlFlow = Flow::Branch;
  else
    I.ControlFlow = Flow::Next;
  return I;
}

Decoder::Decoder(std::unique_ptr<Impl> P) : P(std::move(P)) {}
Decoder::~Decoder() = default;

Expected<std::unique_ptr<Decoder>> Decoder::create() {
  static std::once_flag Once;
  std::call_once(Once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
  });
  auto P = std::make_unique<Impl>();
  std::string Err;
  const Target *T = TargetRegistry::lookupTarget(P->TT, Err);
  if (!T)
    return createStringError("libLLVM has no x86-64 target: " + Err);
  P->MRI.reset(T->createMCRegInfo(P->TT));
  P->MAI.reset(T->createMCAsmInfo(*P->MRI, P->TT, P->Options));
  P->MII.reset(T->createMCInstrInfo());
  P->STI.reset(T->createMCSubtargetInfo(P->TT, "", ""));
  P->Ctx = std::make_unique<MCContext>(P->TT, P->MAI.get(), P->MRI.get(),
                                       P->STI.get());
  P->Dis.reset(T->createMCDisassembler(*P->STI, *P->Ctx));
  P->MIA.reset(T->createMCInstrAnalysis(P->MII.get()));
  P->Printer.reset(
      T->createMCInstPrinter(P->TT, /*AT&T*/ 0, *P->MAI, *P->MII, *P->MRI));
  if (!P->Dis || !P->MIA || !P->Printer)
    return createStringError("libLLVM has no x86-64 disassembler");
  P->Printer->setPrintImmHex(true);

  unsigned NumOpcodes = P->MII->getNumOpcodes();
  P->Opcodes.reserve(NumOpcodes);
  for (unsigned Op = 0; Op < NumOpcodes; ++Op)
    P->Opcodes.push_back(classify(P->MII->getName(Op), P->MII->get(Op)));

  unsigned NumRegs = P->MRI->getNumRegs();
  for (unsigned R = 1; R < NumRegs; ++R)
    P->ByName[P->MRI->getName(R)] = R;
  P->FS = P->ByName["FS"];
  P->GS = P->ByName["GS"];
  P->RCX = P->ByName["RCX"];
  P->Full.resize(NumRegs);
  for (unsigned R = 1; R < NumRegs; ++R)
    P->Full[R] = R;
  for (StringRef Name :
       {"RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP",
        "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15",
        "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23",
        "R24", "R25", "R26", "R27", "R28", "R29", "R30", "R31"})
    if (MCRegister Full = P->ByName.lookup(Name))
      for (MCPhysReg Sub : P->MRI->subregs(Full))
        P->Full[Sub] = Full;
  return std::unique_ptr<Decoder>(new Decoder(std::move(P)));
}

Decoder &Decoder::forThread() {
  thread_local std::unique_ptr<Decoder> D = [] {
    Expected<std::unique_ptr<Decoder>> DecoderOrErr = create();
    if (!DecoderOrErr)
      reportFatalUsageError(DecoderOrErr.takeError());
    return std::move(*DecoderOrErr);
  }();
  return *D;
}

static SegReg segmentOfPrefix(uint8_t Byte) {
  switch (Byte) {
  case FSPrefix:
    return SegReg::FS;
  case GSPrefix:
    return SegReg::GS;
  case 0x26:
  case 0x2e:
  case 0x36:
  case 0x3e:
    return SegReg::Other;
  default:
    return SegReg::None;
  }
}

static bool isLegacyPrefix(uint8_t Byte) {
  return segmentOfPrefix(Byte) != SegReg::None || Byte == 0x66 ||
         Byte == 0x67 || Byte == 0xf0 || Byte == 0xf2 || Byte == 0xf3;
}

static bool isRex(uint8_t Byte) { return (Byte & 0xf0) == 0x40; }

static void readPrefixes(Insn &I) {
  I.NumPrefixes = I.NumOverrides = I.OverrideIndex = 0;
  I.Override = SegReg::None;
  I.SameOverrides = true;
  // A REX prefix in front of a legacy prefix has no effect (Intel SDM volume 2,
  // 2.2.1.2); the legacy prefix has.
  for (unsigned Index = 0;
       Index < I.Bytes.size() &&
       (isLegacyPrefix(I.Bytes[Index]) || isRex(I.Bytes[Index]));
       ++Index) {
    uint8_t Byte = I.Bytes[Index];
    if (isRex(Byte))
      continue;
    if (SegReg S = segmentOfPrefix(Byte); S != SegReg::None) {
      if (I.NumOverrides && I.Bytes[I.OverrideIndex] != Byte)
        I.SameOverrides = false;
      I.Override = S;
      I.OverrideIndex = Index;
      ++I.NumOverrides;
    }
    I.NumPrefixes = Index + 1;
  }
}

static SegReg segmentOfRegister(MCRegister R, MCRegister FS, MCRegister GS) {
  if (!R)
    return SegReg::None;
  return R == FS ? SegReg::FS : R == GS ? SegReg::GS : SegReg::Other;
}

bool Decoder::decode(ArrayRef<uint8_t> Bytes, uint64_t Address,
                     Insn &Out) const {
  constexpr uint64_t MaxLength = 15; // Intel SDM volume 2, 2.3.11
  uint64_t Length = 0;
  const OpcodeInfo *Info;
  do { // LLVM decodes `lock` and a few other prefixes as instructions.
    uint64_t Size = 0;
    Out.Inst.clear();
    if (P->Dis->getInstruction(Out.Inst, Size, Bytes.drop_front(Length),
                               Address + Length,
                               nulls()) != MCDisassembler::Success ||
        Size == 0 || Size > Bytes.size() - Length)
      return false;
    Length += Size;
    Info = &P->Opcodes[Out.Inst.getOpcode()];
  } while (Info->IsPrefix && Length < Bytes.size());
  if (Info->IsPrefix || Length > MaxLength)
    return false;

  Out.Address = Address;
  Out.Bytes = Bytes.take_front(Length);
  Out.ControlFlow = Info->ControlFlow;
  Out.Target = 0;
  readPrefixes(Out);
  if (Out.ControlFlow == Flow::Branch || Out.ControlFlow == Flow::Jump ||
      Out.ControlFlow == Flow::Call) {
    // The address that evaluateBranch adds to is that of the instruction
    // without the prefixes that LLVM decoded on their own: use the end.
    if (Out.Inst.getNumOperands() && Out.Inst.getOperand(0).isImm())
      Out.Target = Out.end() + Out.Inst.getOperand(0).getImm();
  }

  Out.Mem.reset();
  const MCInstrDesc &D = P->MII->get(Out.Inst.getOpcode());
  unsigned N =
      std::min<unsigned>(Out.Inst.getNumOperands(), D.getNumOperands());
  for (unsigned First = 0; First < N; ++First) {
    // LLVM does not call lea's address, operands 1 to 5, a memory operand.
    bool IsLea = Info->IsLea && First == 1;
    if (!IsLea && D.operands()[First].OperandType != MCOI::OPERAND_MEMORY)
      continue;
    unsigned Last = IsLea ? std::min(N, 6u) : First;
    while (Last < N && D.operands()[Last].OperandType == MCOI::OPERAND_MEMORY)
      ++Last;
    auto Reg = [&](unsigned I) {
      const MCOperand &Op = Out.Inst.getOperand(I);
      return Op.isReg() ? Op.getReg() : MCRegister();
    };
    auto Imm = [&](unsigned I) {
      const MCOperand &Op = Out.Inst.getOperand(I);
      return Op.isImm() ? Op.getImm() : 0;
    };
    MemOperand M;
    M.FirstOperand = First;
    M.Segment = segmentOfRegister(Reg(Last - 1), P->FS, P->GS);
    if (Last - First == 5) { // base, scale, index, displacement, segment
      M.Base = Reg(First);
      M.Scale = Imm(First + 1);
      M.Index = Reg(First + 2);
      M.Disp = Imm(First + 3);
    } else if (Out.Inst.getOperand(First).isImm()) { // moffs: address, segment
      M.Disp = Imm(First);
    } else if (Last - First >= 2) { // string source: register, segment
      M.FirstOperand = Last - 2;
      M.Base = Reg(Last - 2);
    } else { // string destination: always ES
      M.Base = Reg(First);
      M.Segment = SegReg::None;
    }
    Out.Mem = M;
    break;
  }
  Out.OverrideMatters =
      Out.Override != SegReg::None && !Info->NoAccess &&
      ((Out.Mem && Out.Mem->Segment == Out.Override) || Info->ImplicitSource);
  return true;
}

std::string Decoder::print(const Insn &I) const {
  std::string Text;
  raw_string_ostream OS(Text);
  P->Printer->printInst(&I.Inst, I.Address, "", *P->STI, OS);
  // A lock prefix in front is decoded on its own, and so not printed.
  if (is_contained(I.Bytes.take_front(I.NumPrefixes), 0xf0) &&
      !StringRef(Text).trim().starts_with("lock"))
    Text.insert(0, "lock\t");
  for (char &C : Text)
    if (C == '\t')
      C = ' ';
  StringRef Trimmed = StringRef(Text).trim();
  std::string Result;
  for (char C : Trimmed)
    if (C != ' ' || Result.empty() || Result.back() != ' ')
      Result.push_back(C);
  return Result;
}

StringRef Decoder::opcodeName(const Insn &I) const {
  return P->MII->getName(I.Inst.getOpcode());
}
StringRef Decoder::registerName(MCRegister R) const {
  return R ? P->MRI->getName(R) : "";
}
MCRegister Decoder::fullRegister(MCRegister R) const {
  return R.id() < P->Full.size() ? P->Full[R.id()] : R;
}
MCRegister Decoder::registerNamed(StringRef Name) const {
  return P->ByName.lookup(Name);
}
const MCInstrDesc &Decoder::desc(const Insn &I) const {
  return P->MII->get(I.Inst.getOpcode());
}
void Decoder::forEachDef(const Insn &I,
                         function_ref<void(MCRegister)> F) const {
  const MCInstrDesc &D = desc(I);
  unsigned N = std::min<unsigned>(D.getNumDefs(), I.Inst.getNumOperands());
  for (unsigned Op = 0; Op < N; ++Op)
    if (I.Inst.getOperand(Op).isReg() && I.Inst.getOperand(Op).getReg())
      F(I.Inst.getOperand(Op).getReg());
  for (MCPhysReg R : D.implicit_defs())
    F(R);
  // Intel SDM volume 2: counted down, of which LLVM's instruction says nothing.
  const OpcodeInfo &Info = P->Opcodes[I.Inst.getOpcode()];
  ArrayRef<uint8_t> Prefixes = I.Bytes.take_front(I.NumPrefixes);
  if (Info.IsLoop || (Info.IsString && (is_contained(Prefixes, 0xf2) ||
                                        is_contained(Prefixes, 0xf3))))
    F(P->RCX);
}

/// One bit for each opcode byte after which a ModRM byte follows (one-byte
/// map; Intel SDM volume 2, table A-2).
static bool hasModRM(uint8_t Op) {
  if (Op < 0x40)
    return (Op & 7) < 4;
  switch (Op) {
  case 0x62:
  case 0x63:
  case 0x69:
  case 0x6b:
  case 0xc0:
  case 0xc1:
  case 0xc4:
  case 0xc5:
  case 0xc6:
  case 0xc7:
  case 0xf6:
  case 0xf7:
  case 0xfe:
  case 0xff:
    return true;
  default:
    return (Op >= 0x80 && Op < 0x90) || (Op >= 0xd0 && Op < 0xd4) ||
           (Op >= 0xd8 && Op < 0xe0);
  }
}

static bool isStringOrMoffs(uint8_t Op) {
  return (Op >= 0xa0 && Op < 0xa8) || Op == 0xac || Op == 0xad || Op == 0x6e ||
         Op == 0x6f || Op == 0xd7;
}

bool mayBeOverride(ArrayRef<uint8_t> Bytes, size_t Index) {
  size_t I = Index + 1, E = Bytes.size();
  while (I < E && (isLegacyPrefix(Bytes[I]) || isRex(Bytes[I])))
    ++I;
  if (I + 1 >= E) // at least an opcode and one byte of address
    return I < E && isStringOrMoffs(Bytes[I]);
  uint8_t Op = Bytes[I];
  if (Op == 0xc4 || Op == 0xc5 || Op == 0x62 || Op == 0xd5 || Op == 0x8f)
    return true; // VEX, EVEX, REX2, XOP: leave it to the decoder
  if (Op == 0x0f) {
    // Nearly all have ModRM; 01 and f7 also have implicit memory operands
    // (monitor, maskmov).
    uint8_t Op2 = Bytes[I + 1];
    if ((Op2 & 0xf0) == 0x80) // jcc
      return false;
    if (Op2 == 0x01 || Op2 == 0xf7 || Op2 == 0x38 || Op2 == 0x3a)
      return true;
    return I + 2 < E && Bytes[I + 2] < 0xc0;
  }
  if (isStringOrMoffs(Op))
    return true;
  return hasModRM(Op) && Bytes[I + 1] < 0xc0;
}

size_t findOverride(ArrayRef<uint8_t> Bytes, size_t From, uint8_t Prefix) {
  while (From < Bytes.size()) {
    const void *Hit =
        std::memchr(Bytes.data() + From, Prefix, Bytes.size() - From);
    if (!Hit)
      break;
    From = static_cast<const uint8_t *>(Hit) - Bytes.data();
    if (mayBeOverride(Bytes, From))
      return From;
    ++From;
  }
  return Bytes.size();
}

} // namespace segshift
