//===- TlsMain.cpp - segshift tls -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Overlap.h"
#include "Uses.h"
#include "command/Command.h"
#include "command/Input.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace segshift::tls;

namespace segshift {

cl::SubCommand TlsCommand("tls", "Say what a program or kernel does with TLS");

static cl::OptionCategory Category("segshift tls options");
static cl::list<std::string> Files(cl::Positional, cl::OneOrMore,
                                   cl::desc("FILE..."), cl::sub(TlsCommand),
                                   cl::cat(Category));
static cl::opt<std::string>
    KernelFile("kernel",
               cl::desc("Compare with this kernel's TLS under a shared FS"),
               cl::value_desc("image"), cl::sub(TlsCommand), cl::cat(Category));
static cl::opt<std::string> ReservedOption(
    "reserved",
    cl::desc("What the kernel keeps free below the thread pointer: bytes, or "
             "the thread-local variable that stands there"),
    cl::value_desc("size|variable"), cl::sub(TlsCommand), cl::cat(Category));
static cl::opt<bool> Json("json", cl::desc("Write JSON"), cl::sub(TlsCommand),
                          cl::cat(Category));

namespace {

struct Image {
  std::string Name, Type;
  bool Static = false; // a program that no loader starts: it sets FS itself
  bool FixedOffsets = false; // the linker has fixed x@tpoff
  Layout L;
  std::vector<Use> Uses;

  bool reaches(Segment S) const {
    return any_of(Uses, [&](const Use &U) { return U.Seg == S; });
  }
};

struct Comparison {
  bool KernelOnGs = false; // the kernel has no TLS access through FS
  uint64_t Reserved = 0;
  Overlap O;
};

void describe(const ElfObject &Obj, Image &I) {
  uint16_t Type = Obj.file().getHeader().e_type;
  bool Interpreter = false, Pie = false;
  if (auto Phdrs = Obj.file().program_headers())
    for (const auto &P : *Phdrs)
      Interpreter |= P.p_type == ELF::PT_INTERP;
  else
    consumeError(Phdrs.takeError());
  if (auto Dyn = Obj.dynamicEntries())
    for (const auto &D : *Dyn)
      Pie |= D.d_tag == ELF::DT_FLAGS_1 && (D.d_un.d_val & ELF::DF_1_PIE);
  else
    consumeError(Dyn.takeError());

  if (Type == ELF::ET_REL) {
    I.Type = "relocatable object";
  } else if (Type == ELF::ET_DYN && !Interpreter && !Pie) {
    I.Type = "shared library";
  } else {
    I.Static = !Interpreter;
    I.FixedOffsets = true;
    I.Type = std::string(I.Static ? "static" : "dynamically linked") +
             (Type == ELF::ET_DYN ? " position-independent" : "") +
             " executable";
  }
}

Expected<Image> read(const Member &M) {
  if (!M.isELF())
    return createStringError(M.Problem);
  Image I;
  I.Name = M.Name;
  auto Obj = ElfObject::create(M.buffer());
  if (!Obj)
    return Obj.takeError();
  auto Fail = [&](Error E) {
    return createStringError(M.Name + ": " + toString(std::move(E)) +
                             " [SEG003]");
  };
  auto L = readLayout((*Obj)->file());
  if (!L)
    return Fail(L.takeError());
  I.L = std::move(*L);
  auto U = findUses(**Obj, I.L);
  if (!U)
    return Fail(U.takeError());
  I.Uses = std::move(*U);
  describe(**Obj, I);
  return I;
}

std::string tpText(int64_t Offset) {
  return "tp-0x" + utohexstr(0 - uint64_t(Offset), true);
}

std::string bytes(uint64_t N) {
  return std::to_string(N) + (N == 1 ? " byte" : " bytes");
}

Expected<uint64_t> reservedBytes(const Image &Kernel) {
  if (ReservedOption.empty())
    return 0;
  uint64_t N;
  if (StringRef(ReservedOption).getAsInteger(0, N)) {
    auto V = find_if(Kernel.L.Variables, [](const Variable &V) {
      return V.Name == ReservedOption;
    });
    if (V == Kernel.L.Variables.end())
      return createStringError("--reserved: '" + ReservedOption +
                               "' is neither a number nor a thread-local "
                               "variable of " +
                               Kernel.Name);
    N = -V->TpOff;
  }
  for (const Variable &V : Kernel.L.Variables)
    if (V.Size && V.Name != ReservedOption &&
        V.TpOff + int64_t(V.Size) > -int64_t(N))
      return createStringError("--reserved: the kernel's variable '" + V.Name +
                               "' at " + tpText(V.TpOff) +
                               " lies in the last " + bytes(N) +
                               " below the thread pointer");
  return N;
}

void writeUses(raw_ostream &OS, const Image &I) {
  // Model and segment, then the functions in order, then what each reaches.
  std::map<std::pair<Model, Segment>, unsigned> Count;
  std::map<std::pair<Model, Segment>,
           MapVector<StringRef, SetVector<StringRef>>>
      Where;
  for (const Use &U : I.Uses) {
    ++Count[{U.M, U.Seg}];
    auto &Variables = Where[{U.M, U.Seg}][U.Function];
    if (!U.Variable.empty())
      Variables.insert(U.Variable);
  }
  if (Count.empty())
    OS << "  uses: none found\n";
  else
    OS << "  uses:\n";
  for (auto &[Key, N] : Count) {
    OS << "    " << name(Key.first);
    if (Key.second != Segment::None)
      OS << " through " << (Key.second == Segment::FS ? "%fs" : "%gs");
    OS << ": " << N << '\n';
    for (auto &[Function, Variables] : Where[Key]) {
      OS << "      "
         << (Function.empty() ? "(dynamic relocations)" : demangle(Function));
      ListSeparator Comma;
      for (StringRef V : Variables)
        OS << (V == Variables.front() ? ": " : "") << Comma << demangle(V);
      OS << '\n';
    }
  }
}

void writeText(raw_ostream &OS, const Image &I) {
  OS << I.Name << ": " << I.Type << '\n';
  if (!I.L.HasTls) {
    OS << "  no TLS variables\n";
  } else if (I.L.Relocatable) {
    for (const Section &S : I.L.Sections)
      OS << "  section " << S.Name << ": " << bytes(S.Size) << ", alignment "
         << S.Align << (S.Zero ? ", zero\n" : "\n");
  } else {
    OS << "  PT_TLS: " << bytes(I.L.MemSize) << " (" << I.L.FileSize
       << " initialised), alignment " << I.L.Align << ", at 0x"
       << utohexstr(I.L.VAddr, true) << '\n';
    OS << "  block: " << bytes(I.L.BlockSize) << ", from "
       << tpText(-int64_t(I.L.BlockSize)) << " to tp";
    OS << (I.FixedOffsets ? "; offsets are fixed by the link\n"
                          : "; the loader decides where it lies\n");
  }
  if (!I.L.Variables.empty())
    OS << "  variables:\n";
  for (const Variable &V : I.L.Variables) {
    OS << "    ";
    if (I.L.Relocatable)
      OS << V.Section << "+0x" << utohexstr(V.Offset, true);
    else if (I.FixedOffsets)
      OS << left_justify(tpText(V.TpOff), 12);
    else
      OS << left_justify("start+0x" + utohexstr(V.Offset, true), 16);
    OS << "  " << demangle(V.Name) << "  (" << bytes(V.Size) << ")\n";
  }
  if (I.L.HasTls && !I.L.HasSymbols)
    OS << "  stripped: variables without a dynamic symbol are not listed\n";
  writeUses(OS, I);
}

void writeText(raw_ostream &OS, const Image &I, const Image &Kernel,
               const Comparison &C) {
  OS << "  with kernel " << Kernel.Name << ":\n";
  if (C.KernelOnGs) {
    OS << "    no overlap: the kernel reaches its TLS through %gs, and FS "
          "is the program's\n";
    return;
  }
  if (!I.FixedOffsets) {
    OS << "    no overlap: the offsets of a " << I.Type
       << " are not fixed by the link\n";
    return;
  }
  if (I.Static)
    OS << "    the program sets FS_BASE itself: the kernel has to switch FS on "
          "every entry, or it loses its whole TLS block\n";
  const Overlap &O = C.O;
  if (O.Bytes == 0)
    OS << "    no overlap";
  else
    OS << "    overlap: " << bytes(O.Bytes) << " under a shared FS ("
       << O.VariableBytes << " of variables on both sides)";
  OS << "; reservation needed: " << bytes(O.ReservationNeeded)
     << " below the thread pointer, the kernel has " << C.Reserved << '\n';
  auto Side = [&](StringRef Name, uint64_t Offset) {
    if (Name.empty())
      OS << "(no variable)";
    else
      OS << demangle(Name) << "+0x" << utohexstr(Offset, true);
  };
  for (const OverlapRange &R : O.Ranges) {
    OS << "    " << left_justify(tpText(R.Begin), 12)
       << format("%6llu", (unsigned long long)(R.End - R.Begin))
       << (R.End - R.Begin == 1 ? " byte   program " : " bytes  program ");
    Side(R.Program, R.ProgramOffset);
    OS << "  kernel ";
    Side(R.Kernel, R.KernelOffset);
    OS << '\n';
  }
}

json::Value text(StringRef S) { return json::fixUTF8(S); }

void writeJson(json::OStream &J, const Image &I, const Image *Kernel,
               const Comparison &C) {
  J.attribute("file", text(I.Name));
  J.attribute("type", I.Type);
  if (I.L.HasTls && !I.L.Relocatable)
    J.attributeObject("segment", [&] {
      J.attribute("memorySize", I.L.MemSize);
      J.attribute("fileSize", I.L.FileSize);
      J.attribute("alignment", I.L.Align);
      J.attribute("blockSize", I.L.BlockSize);
      J.attribute("fixedOffsets", I.FixedOffsets);
    });
  J.attributeArray("sections", [&] {
    for (const Section &S : I.L.Sections)
      J.object([&] {
        J.attribute("name", text(S.Name));
        J.attribute("size", S.Size);
        J.attribute("alignment", S.Align);
      });
  });
  J.attributeArray("variables", [&] {
    for (const Variable &V : I.L.Variables)
      J.object([&] {
        J.attribute("name", text(V.Name));
        if (I.L.Relocatable)
          J.attribute("section", text(V.Section));
        J.attribute("offset", V.Offset);
        J.attribute("size", V.Size);
        if (I.FixedOffsets)
          J.attribute("tpoff", V.TpOff);
      });
  });
  J.attributeArray("uses", [&] {
    for (const Use &U : I.Uses)
      J.object([&] {
        J.attribute("model", name(U.M));
        if (U.Seg != Segment::None)
          J.attribute("segment", U.Seg == Segment::FS ? "fs" : "gs");
        if (!U.Function.empty())
          J.attribute("function", text(U.Function));
        if (!U.Variable.empty())
          J.attribute("variable", text(U.Variable));
        if (U.TpOff)
          J.attribute("tpoff", U.TpOff);
      });
  });
  if (!Kernel)
    return;
  J.attributeObject("withKernel", [&] {
    J.attribute("kernel", text(Kernel->Name));
    J.attribute("kernelOnGs", C.KernelOnGs);
    J.attribute("setsFsItself", I.Static);
    J.attribute("overlapBytes", C.O.Bytes);
    J.attribute("variableBytes", C.O.VariableBytes);
    J.attribute("reserved", C.Reserved);
    J.attribute("reservationNeeded", C.O.ReservationNeeded);
    J.attributeArray("ranges", [&] {
      for (const OverlapRange &R : C.O.Ranges)
        J.object([&] {
          J.attribute("tpoff", R.Begin);
          J.attribute("size", R.End - R.Begin);
          J.attribute("program", text(R.Program));
          J.attribute("programOffset", R.ProgramOffset);
          J.attribute("kernel", text(R.Kernel));
          J.attribute("kernelOffset", R.KernelOffset);
        });
    });
  });
}

/// What the options say of the kernel, if they name one.
Expected<std::optional<Image>> readKernel(Comparison &C) {
  if (KernelFile.empty()) {
    if (!ReservedOption.empty())
      return createStringError("--reserved needs --kernel");
    return std::nullopt;
  }
  auto In = Input::open(KernelFile);
  if (!In)
    return In.takeError();
  auto NoImage = [] {
    return createStringError(KernelFile + ": --kernel needs a linked image");
  };
  if (In->TheArchive)
    return NoImage();
  auto Kernel = read(In->Members[0]);
  if (!Kernel)
    return Kernel.takeError();
  if (Kernel->L.Relocatable)
    return NoImage();
  auto N = reservedBytes(*Kernel);
  if (!N)
    return N.takeError();
  C.Reserved = *N;
  C.KernelOnGs = !Kernel->reaches(Segment::FS) && Kernel->reaches(Segment::GS);
  return std::optional(std::move(*Kernel));
}

/// Calls \p F with each ELF file of the inputs. \returns false when something
/// could not be read.
bool forEachImage(function_ref<void(const Image &)> F) {
  bool Ok = true;
  for (const std::string &Path : Files) {
    auto In = Input::open(Path);
    if (!In) {
      error(In.takeError());
      Ok = false;
      continue;
    }
    for (const Member &M : In->Members) {
      if (M.What == Member::Content::Other) {
        warning(M.Problem);
        continue;
      }
      auto I = read(M);
      if (I) {
        F(*I);
        continue;
      }
      error(I.takeError());
      Ok = false;
    }
  }
  return Ok;
}

} // namespace

int runTls() {
  Comparison C;
  auto Kernel = readKernel(C);
  if (!Kernel) {
    error(Kernel.takeError());
    return Failed;
  }
  const Image *K = *Kernel ? &**Kernel : nullptr;
  bool Overlaps = false;
  std::optional<json::OStream> J; // must write something once it is there
  if (Json) {
    J.emplace(outs(), 2);
    J->arrayBegin();
  }
  bool Ok = forEachImage([&](const Image &I) {
    C.O = Overlap();
    if (K && I.FixedOffsets && !C.KernelOnGs)
      C.O = findOverlap(I.L, K->L, C.Reserved);
    Overlaps |= C.O.Bytes != 0;
    if (J)
      return J->object([&] { writeJson(*J, I, K, C); });
    writeText(outs(), I);
    if (K)
      writeText(outs(), I, *K, C);
  });
  if (J) {
    J->arrayEnd();
    outs() << '\n';
  }
  return !Ok ? Failed : Overlaps ? Found : Done;
}

} // namespace segshift
