//===- Verify.cpp - checks a rewrite against its input -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Verify.h"
#include "disasm/CodeReader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace llvm;

namespace segshift {

static bool sameButSegment(const Insn &A, const Insn &B, const Decoder &Dec) {
  MCRegister FS = Dec.registerNamed("FS"), GS = Dec.registerNamed("GS");
  if (A.Bytes.size() != B.Bytes.size() ||
      A.Inst.getOpcode() != B.Inst.getOpcode() ||
      A.Inst.getFlags() != B.Inst.getFlags() ||
      A.Inst.getNumOperands() != B.Inst.getNumOperands())
    return false;
  bool SegmentMoved = false;
  for (auto [X, Y] : zip(A.Inst, B.Inst)) {
    if (X.isReg() && Y.isReg()) {
      if (X.getReg() == FS && Y.getReg() == GS)
        SegmentMoved = true;
      else if (X.getReg() != Y.getReg())
        return false;
    } else if (!(X.isImm() && Y.isImm() && X.getImm() == Y.getImm())) {
      return false;
    }
  }
  return SegmentMoved && A.reaches(SegReg::FS) && B.reaches(SegReg::GS);
}

Error verify(const ElfObject &Before, MemoryBufferRef After, const Plan &P) {
  StringRef Id = Before.buffer().getBufferIdentifier();
  StringRef In = Before.buffer().getBuffer(), Out = After.getBuffer();
  if (In.size() != Out.size())
    return createStringError(Id + ": verify: the size changed");
  auto E = P.Edits.begin();
  for (uint64_t At = 0; At < In.size(); ++At) {
    while (E != P.Edits.end() && E->Offset + E->Bytes.size() <= At)
      ++E;
    if (E != P.Edits.end() && E->Offset <= At)
      continue;
    // Equal bytes up to the next edit, compared at once.
    uint64_t End = E == P.Edits.end() ? In.size() : E->Offset;
    if (In.slice(At, End) != Out.slice(At, End))
      return createStringError(Id +
                               ": verify: a byte outside of the plan changed");
    At = End - 1;
  }

  Expected<std::unique_ptr<ElfObject>> AfterOrErr = ElfObject::create(After);
  if (!AfterOrErr)
    return AfterOrErr.takeError();
  const ElfObject &New = **AfterOrErr;
  const Decoder &Dec = Decoder::forThread();
  CodeReader Reader(Before, Dec);
  std::set<std::pair<unsigned, uint64_t>> Moved;
  std::vector<const Site *> Converted; // sequences only
  for (const Site &S : P.Sites)
    if (S.Act == Action::Move)
      Moved.insert({S.Region, S.Address});
    else if (S.Act == Action::Convert && S.Kind != SiteKind::DtpOffset)
      Converted.push_back(&S);

  auto InSequence = [&](unsigned R, uint64_t Address) {
    auto It = partition_point(Converted, [&](const Site *S) {
      return std::pair(S->Region, S->Address) <= std::pair(R, Address);
    });
    if (It == Converted.begin())
      return false;
    const Site &S = **std::prev(It);
    return S.Region == R && Address < S.Address + S.Length;
  };

  for (unsigned R = 0; R < Before.regions().size(); ++R) {
    const Region &Reg = Before.regions()[R];
    const Region &NewReg = New.regions()[R];
    auto Fail = [&](uint64_t Address, const Twine &What) {
      return createStringError(Id + ": verify: " + Before.describe(R, Address) +
                               ": " + What);
    };
    for (const CodeRange &Range : Reader.ranges(R))
      for (const CodeEntry &Entry : Reader.read(Range)) {
        if (Entry.How != Standing::Code || InSequence(R, Entry.Address))
          continue;
        uint64_t Offset = Entry.Address - Reg.Address;
        bool Equal = Reg.Bytes.slice(Offset, Entry.Length) ==
                     NewReg.Bytes.slice(Offset, Entry.Length);
        if (!Moved.count({R, Entry.Address})) {
          if (!Equal)
            return Fail(Entry.Address, "an instruction changed that was not "
                                       "to be moved");
          continue;
        }
        Insn A = Reader.decode(R, Entry), B;
        if (!Dec.decode(NewReg.Bytes.drop_front(Offset), Entry.Address, B) ||
            !sameButSegment(A, B, Dec))
          return Fail(Entry.Address, "'" + Dec.print(A) +
                                         "' became something else than the "
                                         "same instruction with GS");
      }
    for (const Site *S : Converted) {
      if (S->Region != R)
        continue;
      uint64_t At = S->Address, End = S->Address + S->Length;
      Insn I;
      while (At < End &&
             Dec.decode(NewReg.Bytes.drop_front(At - Reg.Address), At, I) &&
             !I.reaches(SegReg::FS))
        At = I.end();
      if (At != End)
        return Fail(S->Address, "the converted sequence does not decode");
    }
  }
  return Error::success();
}

} // namespace segshift
