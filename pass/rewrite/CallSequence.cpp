//===- CallSequence.cpp - TLSGD and TLSLD call sequences -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CallSequence.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <optional>

using namespace llvm;

namespace segshift {
namespace {

/// One known form. Bytes are given with -1 for those that a relocation fills.
struct Form {
  bool IsGD;
  ArrayRef<int16_t> Pattern;
  unsigned Field;     ///< offset of the TLSGD or TLSLD field
  unsigned CallField; ///< offset of the field for __tls_get_addr
  SmallVector<uint32_t, 2> CallTypes;

  unsigned size() const { return Pattern.size(); }
};

} // namespace

#define FIELD4 -1, -1, -1, -1
#define FIELD8 FIELD4, FIELD4

// data16 lea x@tlsgd(%rip), %rdi; data16 data16 rex.W call __tls_get_addr
static const int16_t GDPlt[] = {0x66, 0x48, 0x8d, 0x3d, FIELD4,
                                0x66, 0x66, 0x48, 0xe8, FIELD4};
// data16 lea x@tlsgd(%rip), %rdi; data16 rex.W call
// *__tls_get_addr@gotpcrel(%rip)
static const int16_t GDGot[] = {0x66, 0x48, 0x8d, 0x3d, FIELD4,
                                0x66, 0x48, 0xff, 0x15, FIELD4};
// lea x@tlsgd(%rip), %rdi; movabs $__tls_get_addr@pltoff, %rax;
// add %rbx, %rax; call *%rax
static const int16_t LargeRBX[] = {0x48,   0x8d, 0x3d, FIELD4, 0x48, 0xb8,
                                   FIELD8, 0x48, 0x01, 0xd8,   0xff, 0xd0};
// the same with add %r15, %rax
static const int16_t LargeR15[] = {0x48,   0x8d, 0x3d, FIELD4, 0x48, 0xb8,
                                   FIELD8, 0x4c, 0x01, 0xf8,   0xff, 0xd0};
// lea x@tlsld(%rip), %rdi; call __tls_get_addr
static const int16_t LDPlt[] = {0x48, 0x8d, 0x3d, FIELD4, 0xe8, FIELD4};
// lea x@tlsld(%rip), %rdi; call *__tls_get_addr@gotpcrel(%rip)
static const int16_t LDGot[] = {0x48, 0x8d, 0x3d, FIELD4, 0xff, 0x15, FIELD4};

static const Form Forms[] = {
    {true, GDPlt, 4, 12, {ELF::R_X86_64_PLT32, ELF::R_X86_64_PC32}},
    {true, GDGot, 4, 12, {ELF::R_X86_64_GOTPCRELX, ELF::R_X86_64_GOTPCREL}},
    {true, LargeRBX, 3, 9, {ELF::R_X86_64_PLTOFF64}},
    {true, LargeR15, 3, 9, {ELF::R_X86_64_PLTOFF64}},
    {false, LDPlt, 3, 8, {ELF::R_X86_64_PLT32, ELF::R_X86_64_PC32}},
    {false, LDGot, 3, 9, {ELF::R_X86_64_GOTPCRELX, ELF::R_X86_64_GOTPCREL}},
    {false, LargeRBX, 3, 9, {ELF::R_X86_64_PLTOFF64}},
    {false, LargeR15, 3, 9, {ELF::R_X86_64_PLTOFF64}},
};

// mov %gs:0, %rax
static const uint8_t LoadThreadPointer[] = {0x65, 0x48, 0x8b, 0x04, 0x25,
                                            0x00, 0x00, 0x00, 0x00};
// lea x@tpoff(%rax), %rax
static const uint8_t AddOffset[] = {0x48, 0x8d, 0x80, 0x00, 0x00, 0x00, 0x00};
// add x@gottpoff(%rip), %rax
static const uint8_t AddSlot[] = {0x48, 0x03, 0x05, 0x00, 0x00, 0x00, 0x00};
static constexpr unsigned ConvertedField = 12; // offset of x@tpoff or gottpoff

/// nopw of 6, nopl of 8 and more bytes: Intel SDM volume 2, NOP.
static const uint8_t Nop6[] = {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00};
static const uint8_t Nop10[] = {0x66, 0x2e, 0x0f, 0x1f, 0x84,
                                0x00, 0x00, 0x00, 0x00, 0x00};

static bool matches(const Form &F, ArrayRef<uint8_t> Bytes) {
  if (Bytes.size() < F.size())
    return false;
  for (auto [Want, Have] : zip(F.Pattern, Bytes))
    if (Want >= 0 && Want != Have)
      return false;
  return true;
}

static SmallVector<uint8_t, 24> converted(const Form &F, bool ToInitialExec) {
  SmallVector<uint8_t, 24> Out;
  if (F.IsGD) {
    append_range(Out, LoadThreadPointer);
    append_range(Out, ToInitialExec ? ArrayRef(AddSlot) : ArrayRef(AddOffset));
    if (Out.size() < F.size())
      append_range(Out, Nop6);
    return Out;
  }
  // Padding with prefixes and nops in front, as linkers do.
  unsigned Padding = F.size() - sizeof(LoadThreadPointer);
  if (Padding > 10) {
    append_range(Out, Nop10);
    Padding -= 10;
  }
  Out.append(Padding, 0x66);
  append_range(Out, LoadThreadPointer);
  return Out;
}

/// A new Elf64_Rela.
static Edit relocationEdit(uint64_t EntryOffset, uint64_t Offset,
                           uint32_t Symbol, uint32_t Type, int64_t Addend) {
  Edit E;
  E.Offset = EntryOffset;
  E.Bytes.resize(24);
  support::endian::write64le(E.Bytes.data(), Offset);
  support::endian::write64le(E.Bytes.data() + 8, uint64_t(Symbol) << 32 | Type);
  support::endian::write64le(E.Bytes.data() + 16, Addend);
  return E;
}

using KeepFn = function_ref<bool(const Site &, std::string &)>;
using IsWithinFn = function_ref<bool(uint64_t)>;

/// Adds \p S as a site that stays when \p Keep says so.
static bool kept(Site &S, KeepFn Keep, Plan &P) {
  if (!Keep(S, S.Why))
    return false;
  S.Act = Action::Keep;
  P.Sites.push_back(std::move(S));
  return true;
}

static void planSequence(const ElfObject &Obj, unsigned Region,
                         const Relocation &R, const RewriteConfig &Config,
                         KeepFn Keep, IsWithinFn IsWithin, Plan &P) {
  const segshift::Region &Reg = Obj.regions()[Region];
  bool IsGD = R.Type == ELF::R_X86_64_TLSGD;
  Site S;
  S.Kind = IsGD ? SiteKind::GeneralDynamic : SiteKind::LocalDynamic;
  S.Region = Region;
  S.Address = R.Address;
  S.Length = std::min<uint64_t>(4, Reg.end() - R.Address);
  StringRef Model = IsGD ? "general-dynamic" : "local-dynamic";
  auto Refuse = [&](const Twine &Why) {
    S.Why = Why.str();
    P.Sites.push_back(std::move(S));
  };
  if (kept(S, Keep, P))
    return;
  bool ToInitialExec = Config.DynamicTo == RewriteConfig::Model::InitialExec;
  if (!IsGD && ToInitialExec)
    return Refuse("a local-dynamic sequence has no initial-exec form; use "
                  "--tls-model=local-exec, or compile with "
                  "-ftls-model=initial-exec [SEG211]");

  for (const Form &F : Forms) {
    if (F.IsGD != IsGD || R.Address < F.Field)
      continue;
    uint64_t Start = R.Address - F.Field;
    if (!matches(F, Reg.Bytes.drop_front(Start)))
      continue;
    if (IsWithin(Start))
      return Refuse("a " + Model +
                    " sequence that begins within an instruction [SEG214]");
    S.Address = Start;
    S.Length = F.size();
    const Relocation *Call = nullptr;
    unsigned Others = 0;
    for (const Relocation &C : Obj.relocations(Region, Start, Start + F.size()))
      if (C.Address == Start + F.CallField && is_contained(F.CallTypes, C.Type))
        Call = &C;
      else if (C.EntryOffset != R.EntryOffset)
        ++Others;
    if (!Call || Others || Obj.symbolName(Call->Symbol) != "__tls_get_addr")
      return Refuse(
          "a " + Model +
          " sequence whose call is not one to __tls_get_addr [SEG212]");
    if (R.Addend != -4)
      return Refuse("a " + Model + " sequence whose relocation has addend " +
                    Twine(R.Addend) + " instead of -4 [SEG213]");
    S.Act = Action::Convert;
    S.Why = ToInitialExec ? "to initial-exec" : "to local-exec";
    if (IsGD)
      S.Why += (": " + Obj.symbolName(R.Symbol)).str();
    P.Edits.push_back({Reg.FileOffset + Start, converted(F, ToInitialExec)});
    if (!IsGD)
      P.Edits.push_back(
          relocationEdit(R.EntryOffset, R.Address, 0, ELF::R_X86_64_NONE, 0));
    else if (ToInitialExec)
      P.Edits.push_back(relocationEdit(R.EntryOffset, Start + ConvertedField,
                                       R.Symbol, ELF::R_X86_64_GOTTPOFF, -4));
    else
      P.Edits.push_back(relocationEdit(R.EntryOffset, Start + ConvertedField,
                                       R.Symbol, ELF::R_X86_64_TPOFF32, 0));
    P.Edits.push_back(relocationEdit(Call->EntryOffset, Call->Address, 0,
                                     ELF::R_X86_64_NONE, 0));
    P.Sites.push_back(std::move(S));
    return;
  }
  Refuse("a " + Model +
         " relocation outside of the sequences that the psABI gives [SEG214]");
}

void planCallSequences(const ElfObject &Obj, unsigned Region,
                       const RewriteConfig &Config, KeepFn Keep,
                       IsWithinFn IsWithin, Plan &P) {
  // x@dtpoff in code is relative to what a TLSLD sequence gives, or to the TLS
  // descriptor of _TLS_MODULE_BASE_ (which the linker turns itself).
  bool HasLocalDynamic = false, HasModuleBase = false;
  for (const Relocation &R : Obj.relocations(Region)) {
    HasLocalDynamic |= R.Type == ELF::R_X86_64_TLSLD;
    HasModuleBase |= (R.Type == ELF::R_X86_64_GOTPC32_TLSDESC ||
                      R.Type == ELF::R_X86_64_CODE_4_GOTPC32_TLSDESC) &&
                     Obj.symbolName(R.Symbol) == "_TLS_MODULE_BASE_";
  }
  for (const Relocation &R : Obj.relocations(Region)) {
    if (R.Type == ELF::R_X86_64_TLSGD || R.Type == ELF::R_X86_64_TLSLD) {
      planSequence(Obj, Region, R, Config, Keep, IsWithin, P);
      continue;
    }
    bool Is64 = R.Type == ELF::R_X86_64_DTPOFF64;
    if (R.Type != ELF::R_X86_64_DTPOFF32 && !Is64)
      continue;
    if (HasModuleBase && !HasLocalDynamic)
      continue;
    Site S;
    S.Kind = SiteKind::DtpOffset;
    S.Region = Region;
    S.Address = R.Address;
    S.Length = Is64 ? 8 : 4;
    if (kept(S, Keep, P))
      continue;
    if (HasModuleBase) {
      S.Why =
          "the section mixes TLS descriptors with __tls_get_addr calls, so "
          "that nothing tells which of them this offset belongs to [SEG215]";
    } else if (!HasLocalDynamic) {
      S.Why = "an offset into the module's TLS block without a local-dynamic "
              "sequence in the same section [SEG216]";
    } else if (Config.DynamicTo == RewriteConfig::Model::InitialExec) {
      S.Why = "an offset for a local-dynamic sequence has no initial-exec form "
              "[SEG211]";
    } else {
      // Debug information, too, uses DTPOFF64: there it stays.
      S.Act = Action::Convert;
      S.Why = ("to local-exec: " + Obj.symbolName(R.Symbol)).str();
      P.Edits.push_back(relocationEdit(
          R.EntryOffset, R.Address, R.Symbol,
          Is64 ? ELF::R_X86_64_TPOFF64 : ELF::R_X86_64_TPOFF32, R.Addend));
    }
    P.Sites.push_back(std::move(S));
  }
}

} // namespace segshift
