// Relocations (x86-64 psABI, 4.4; TLS: ELF Handling For Thread-Local Storage).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module/module_object.h"
#include "module/module_tls.h"

namespace module {
namespace {

enum : uint32_t {
  R_NONE = 0,
  R_64 = 1,
  R_COPY = 5,
  R_GLOB_DAT = 6,
  R_JUMP_SLOT = 7,
  R_RELATIVE = 8,
  R_DTPMOD64 = 16,
  R_DTPOFF64 = 17,
  R_TPOFF64 = 18,
  R_TLSDESC = 36,
  R_IRELATIVE = 37,
};

// Where a thread-local variable is: which module, and where in its image. On
// the application's side, modules have no numbers, but places: module.h.
struct Variable {
  uint64_t Number = 0; // 0: an undefined weak symbol
  uint64_t Offset = 0;
};

class Relocator {
public:
  Relocator(Module &M, Error &E) : M(M), E(E) {}
  bool run();

private:
  bool relocate(const Relocation &R);
  bool relocateRelr();
  bool resolve(const Relocation &R); // those whose value the module computes
  bool hasResolver(const Relocation &R);
  bool addressOf(const Relocation &R, uint64_t &Address);
  bool variableOf(const Relocation &R, Variable &V);
  bool putTpOffset(uint64_t *Place, Variable V);
  bool putDescriptor(void *Place, Variable V);
  const char *nameOf(const Relocation &R) const;

  Module &M;
  Error &E;
  unsigned NumDescriptors = 0;
};

template <typename F> bool forEachOf(const Module &M, F &&Function) {
  const Table *const Tables[] = {&M.Dynamic.Rela, &M.Dynamic.PltRela};
  for (const Table *T : Tables) {
    if (!T->Size)
      continue;
    auto *R = reinterpret_cast<const Relocation *>(M.at(T->Address, T->Size));
    for (uint64_t I = 0; I != T->Size / sizeof(Relocation); ++I)
      if (!Function(R[I]))
        return false;
  }
  return true;
}

const char *Relocator::nameOf(const Relocation &R) const {
  const Symbol *S = M.symbol(R.symbol());
  const char *Name = S ? M.string(S->Name) : nullptr;
  return Name ? Name : "(bad name)";
}

// Of a function or an object, the addend not counted.
bool Relocator::addressOf(const Relocation &R, uint64_t &Address) {
  Address = 0;
  if (!R.symbol())
    return true;
  const Symbol *S = M.symbol(R.symbol());
  if (!S)
    return refuse(E, "relocation at 0x%lx: there is no symbol %u", R.Offset,
                  R.symbol());
  if (S->type() == TypeTls)
    return refuse(E, "relocation %u at 0x%lx: %s is thread-local", R.type(),
                  R.Offset, nameOf(R));
  if (S->Section != Undefined) {
    Address = S->Section == Absolute ? S->Value : M.Bias + S->Value;
    return true;
  }
  const Export *X = findExport(M, nameOf(R));
  if (X && !X->Address)
    return refuse(E, "relocation %u at 0x%lx: the kernel's %s is thread-local",
                  R.type(), R.Offset, nameOf(R));
  if (!X && S->binding() != BindingWeak)
    return refuse(E, "unresolved symbol %s: the kernel does not export it",
                  nameOf(R));
  Address = X ? reinterpret_cast<uint64_t>(X->Address) : 0;
  return true;
}

bool Relocator::variableOf(const Relocation &R, Variable &V) {
  const Symbol *S = M.symbol(R.symbol());
  if (!S)
    return refuse(E, "relocation at 0x%lx: there is no symbol %u", R.Offset,
                  R.symbol());
  if (!R.symbol() || S->Section != Undefined) {
    if (!M.Tls.MemSize || (R.symbol() && S->type() != TypeTls))
      return refuse(E, "relocation %u at 0x%lx: %s", R.type(), R.Offset,
                    M.Tls.MemSize ? "the symbol is not thread-local"
                                  : "it has no thread-local variables");
    V = {M.App ? M.App->ownPlace() : M.TlsNumber,
         (R.symbol() ? S->Value : 0) + R.Addend};
    return true;
  }
  const Export *X = findExport(M, nameOf(R));
  if (!X && S->binding() == BindingWeak && !M.App)
    return true;
  if (!X)
    return refuse(E, "unresolved symbol %s: the kernel does not export it",
                  nameOf(R));
  if (X->Address)
    return refuse(E,
                  "relocation %u at 0x%lx: the kernel's %s is not "
                  "thread-local",
                  R.type(), R.Offset, nameOf(R));
  if (M.App)
    V = {M.App->kernelPlace(), static_cast<uint64_t>(X->TpOffset() + R.Addend)};
  else
    V = {module_tls::kernelNumber(),
         module_tls::kernelOffset(X->TpOffset()) + R.Addend};
  return true;
}

bool Relocator::putTpOffset(uint64_t *Place, Variable V) {
  if (M.App) {
    *Place = V.Number + V.Offset;
    return true;
  }
  int64_t Offset;
  if (!V.Number || segshift_tls_module_tpoff(&module_tls::registry(), V.Number,
                                             V.Offset, &Offset))
    return refuse(E, "R_X86_64_TPOFF64: the variable has no place in static "
                     "TLS");
  *Place = Offset;
  return true;
}

bool Relocator::putDescriptor(void *Place, Variable V) {
  auto *Descriptor = static_cast<segshift_tlsdesc *>(Place);
  if (M.App) {
    *Descriptor = {__segshift_tlsdesc_static, V.Number + V.Offset};
    return true;
  }
  if (!V.Number) {
    *Descriptor = {__segshift_tlsdesc_undefined, 0};
    return true;
  }
  segshift_tlsdesc_set(&module_tls::registry(), Descriptor,
                       &M.TlsIndexes[NumDescriptors++], V.Number, V.Offset,
                       __segshift_tlsdesc_dynamic);
  return true;
}

// Whether the value comes from a function of the module, which runs when all
// other relocations are done.
bool Relocator::hasResolver(const Relocation &R) {
  switch (R.type()) {
  case R_IRELATIVE:
    return true;
  case R_64:
  case R_GLOB_DAT:
  case R_JUMP_SLOT: {
    const Symbol *S = M.symbol(R.symbol());
    return S && S->Section != Undefined && S->type() == TypeIfunc;
  }
  default:
    return false;
  }
}

bool Relocator::resolve(const Relocation &R) {
  if (!hasResolver(R))
    return true;
  if (M.App)
    return refuse(E,
                  "relocation %u at 0x%lx: a function that is chosen at "
                  "start (ifunc), which is for modules of the kernel",
                  R.type(), R.Offset);
  uint64_t Resolver = M.Base + R.Addend;
  if (R.type() != R_IRELATIVE)
    Resolver = M.Base + M.symbol(R.symbol())->Value;
  char *Place = M.at(R.Offset, 8, elf::Write);
  if (!Place || !M.isCode(Resolver))
    return refuse(E, "relocation %u at 0x%lx: %s", R.type(), R.Offset,
                  Place ? "its resolver is not in the module's code"
                        : "not in a writable segment");
  *reinterpret_cast<uint64_t *>(Place) =
      reinterpret_cast<uint64_t (*)()>(Resolver)();
  return true;
}

bool Relocator::relocate(const Relocation &R) {
  if (R.type() == R_NONE || hasResolver(R))
    return true;
  if (R.type() == R_COPY)
    return refuse(E, "R_X86_64_COPY for %s: %s", nameOf(R),
                  M.App ? "the kernel's variables are not copied: to be "
                          "compiled with -fPIC"
                        : "that is for programs, which have their libraries' "
                          "variables copied into them");
  auto *Place = reinterpret_cast<uint64_t *>(
      M.at(R.Offset, R.type() == R_TLSDESC ? 16 : 8, elf::Write));
  if (!Place)
    return refuse(E, "relocation %u at 0x%lx: not in a writable segment",
                  R.type(), R.Offset);
  uint64_t Address;
  Variable V;
  switch (R.type()) {
  case R_RELATIVE:
    *Place = M.Bias + R.Addend;
    return true;
  case R_64:
    if (!addressOf(R, Address))
      return false;
    *Place = Address + R.Addend;
    return true;
  case R_GLOB_DAT:
  case R_JUMP_SLOT:
    return addressOf(R, *Place);
  case R_DTPMOD64:
    if (!variableOf(R, V))
      return false;
    *Place = V.Number;
    return true;
  case R_DTPOFF64:
    if (!variableOf(R, V))
      return false;
    *Place = V.Offset;
    return true;
  case R_TPOFF64:
    return variableOf(R, V) && putTpOffset(Place, V);
  case R_TLSDESC:
    return variableOf(R, V) && putDescriptor(Place, V);
  default:
    return refuse(E, "relocation of type %u at 0x%lx: unknown", R.type(),
                  R.Offset);
  }
}

// DT_RELR (gABI): an address, then words of bits for the 63 places that follow.
bool Relocator::relocateRelr() {
  const Table &T = M.Dynamic.Relr;
  if (!T.Size)
    return true;
  auto *Words = reinterpret_cast<const uint64_t *>(M.at(T.Address, T.Size));
  auto Add = [&](uint64_t At) {
    char *Place = M.at(At, 8, elf::Write);
    if (!Place)
      return refuse(
          E, "relative relocation at 0x%lx: not in a writable segment", At);
    *reinterpret_cast<uint64_t *>(Place) += M.Bias;
    return true;
  };
  uint64_t Next = 0;
  for (uint64_t I = 0; I != T.Size / 8; ++I) {
    if (!(Words[I] & 1)) {
      if (!Add(Words[I]))
        return false;
      Next = Words[I] + 8;
      continue;
    }
    for (unsigned Bit = 1; Bit != 64; ++Bit)
      if (Words[I] >> Bit & 1 && !Add(Next + (Bit - 1) * 8))
        return false;
    Next += 63 * 8;
  }
  return true;
}

bool Relocator::run() {
  uint64_t Count = 0;
  forEachOf(M, [&](const Relocation &R) {
    Count += R.type() == R_TLSDESC && !M.App;
    return true;
  });
  if (Count && !(M.TlsIndexes = static_cast<segshift_tls_index *>(
                     allocate(Count * sizeof(segshift_tls_index)))))
    return refuse(E, "no memory for %lu TLS descriptors", Count);
  return relocateRelr() &&
         forEachOf(M, [&](const Relocation &R) { return relocate(R); }) &&
         forEachOf(M, [&](const Relocation &R) { return resolve(R); });
}

} // namespace

bool relocate(Module &M, Error &E) { return Relocator(M, E).run(); }

bool needsStaticTls(const Module &M) {
  return M.Dynamic.StaticTls || !forEachOf(M, [](const Relocation &R) {
           return R.type() != R_TPOFF64;
         });
}

} // namespace module
