//===- RangeReader.cpp - reads one range of code --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RangeReader.h"
#include "NotCode.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include <algorithm>

using namespace llvm;

namespace segshift {

void CodeReader::RangeReader::noteReferences(const Insn &I) {
  forEachReference(
      Dec, I,
      [&](uint64_t V, bool Pc) {
        return Reader.resolve(I, Range.Region, V, Pc);
      },
      [&](RefKind Kind, unsigned R, uint64_t Address) {
        if (R != Range.Region || !inRange(Address) || Kind == RefKind::Called)
          return;
        auto &List = Kind == RefKind::Loaded ? Loaded : Taken;
        List.push_back(Address - Range.Begin);
      });
}

/// Decodes from end to end. \returns true when all is consistent, so that
/// \p Entries can be taken as they are.
bool CodeReader::RangeReader::sweep(std::vector<CodeEntry> &Entries) {
  bool Clean = true;
  std::vector<uint64_t> Targets;
  Insn I;
  for (uint64_t At = 0; At < Bytes.size();) {
    if (!decodeAt(At, I)) {
      Clean = false;
      ++At;
      continue;
    }
    Entries.push_back({I.Address, uint8_t(I.Bytes.size()), Standing::Code});
    noteReferences(I);
    if (I.ControlFlow == Flow::Branch || I.ControlFlow == Flow::Jump)
      if (auto T = Reader.resolve(I, Range.Region, I.Target, true))
        if (T->first == Range.Region && inRange(T->second))
          Targets.push_back(T->second);
    At += I.Bytes.size();
  }
  // Function symbols inside the range (aliases, .cold parts) are targets too.
  for (const Symbol &S : symbols())
    if (S.isFunction() && inRange(S.Address))
      Targets.push_back(S.Address);
  for (uint64_t T : Targets) {
    auto It = llvm::upper_bound(Entries, T, [](uint64_t A, const CodeEntry &E) {
      return A < E.Address;
    });
    if (It == Entries.begin()) {
      Clean = false;
      break;
    }
    --It;
    // Code may jump behind a lock prefix: `je 0f; lock; 0: cmpxchg`.
    if (T - It->Address >= It->Length ||
        (T != It->Address &&
         T - It->Address > Reader.decode(Range.Region, *It).NumPrefixes)) {
      Clean = false;
      break;
    }
  }
  return Clean && Loaded.empty() && Taken.empty();
}

/// Puts the known entries of the range on the work list.
void CodeReader::RangeReader::seed() {
  const ElfObject &Obj = Reader.Obj;
  const segshift::Region &Reg = Obj.regions()[Range.Region];
  auto Add = [&](uint64_t Address) {
    if (inRange(Address))
      Work.push_back(Address - Range.Begin);
  };
  uint64_t Entry = Obj.file().getHeader().e_entry;
  if (!Obj.isRelocatable())
    Add(Entry);
  bool AnySymbol = false;
  for (const Symbol &S : symbols()) {
    if (!inRange(S.Address))
      continue;
    AnySymbol = true;
    if (S.isFunction())
      Add(S.Address);
  }
  if (Range.IsFunction) {
    Add(Range.Begin);
    // A table in a data section may be all that leads to a label here.
    for (uint64_t Address : Reader.labelsInTables(Range.Region))
      if (inRange(Address) &&
          !llvm::is_contained(Loaded, Address - Range.Begin) &&
          !llvm::is_contained(Taken, Address - Range.Begin))
        Add(Address);
    return;
  }
  // Without function symbols the whole file's references say what is what.
  const References &Refs = Reader.references();
  auto Within = [&](const std::vector<uint64_t> &List, auto F) {
    for (auto It = llvm::lower_bound(List, Range.Begin);
         It != List.end() && *It < Range.End; ++It)
      F(*It);
  };
  Within(Refs.Called[Range.Region], Add);
  Within(Refs.Loaded[Range.Region],
         [&](uint64_t A) { Loaded.push_back(A - Range.Begin); });
  Within(Refs.Taken[Range.Region],
         [&](uint64_t A) { Taken.push_back(A - Range.Begin); });
  for (const Symbol &S : symbols())
    if (inRange(S.Address) && !S.isData())
      Labels.push_back(S.Address - Range.Begin);
  for (uint64_t Address : Reader.labelsInTables(Range.Region))
    if (inRange(Address))
      Labels.push_back(Address - Range.Begin);
  // A section without any symbol begins with code.
  if (!AnySymbol && Reg.Section && Range.Begin == Reg.Address)
    Add(Range.Begin);
}

/// Marks the bytes from \p Offset on that do not decode.
void CodeReader::RangeReader::markUnread(uint64_t Offset) {
  Insn I;
  for (uint64_t At = Offset; At < Bytes.size(); ++At) {
    if (Covered.test(At) || DataByte.test(At) ||
        Dec.decode(Bytes.drop_front(At), Range.Begin + At, I))
      return;
    UnreadByte.set(At);
  }
}

/// Labels of assembly, and addresses in tables, may be code or data.
void CodeReader::RangeReader::followLabels() {
  llvm::sort(Labels);
  for (uint64_t Offset : Labels) {
    if (Covered.test(Offset) || DataByte.test(Offset) ||
        llvm::is_contained(Loaded, Offset) || llvm::is_contained(Taken, Offset))
      continue;
    if (isInText(Bytes, Offset) || judge(Offset) == Verdict::Data) {
      markData(Offset);
      continue;
    }
    Work.push_back(Offset);
    follow();
  }
}

/// Tables lead to more code, which may refer to more tables.
void CodeReader::RangeReader::followTables() {
  for (size_t Done = 0; Done < Loaded.size() + Taken.size();) {
    std::vector<uint64_t> Known = Loaded;
    llvm::append_range(Known, Taken);
    Done = Known.size();
    for (uint64_t Offset : Known)
      if (!Covered.test(Offset) && !DataByte.test(Offset))
        readTable(Offset);
    follow();
    if (Done == Loaded.size() + Taken.size())
      break;
  }
}

/// What code takes the address of is data, an entry, or not known.
void CodeReader::RangeReader::followTaken() {
  for (size_t Index = 0; Index < Taken.size(); ++Index) {
    uint64_t Offset = Taken[Index];
    if (Covered.test(Offset) || DataByte.test(Offset))
      continue;
    Verdict V = isInText(Bytes, Offset) ? Verdict::Data : judge(Offset);
    // Between functions, data may well stand right before an entry point.
    if (V == Verdict::Code || (V == Verdict::KnownCode && Range.IsFunction)) {
      Work.push_back(Offset);
      follow(); // may add to Taken
    } else if (V == Verdict::Data ||
               (V == Verdict::NextRange && Range.IsFunction)) {
      markData(Offset);
    }
  }
}

/// Follows control flow from the work list.
void CodeReader::RangeReader::follow() {
  Insn I;
  while (!Work.empty()) {
    uint64_t At = Work.back();
    Work.pop_back();
    bool Left = false; // by a call that may not return: data may follow
    while (At < Bytes.size() && !Starts.test(At)) {
      if (!decodeAt(At, I)) {
        if (!Left)
          markUnread(At);
        break;
      }
      Starts.set(At);
      Covered.set(At, At + I.Bytes.size());
      Left = mayNotReturn(I, Dec.opcodeName(I));
      noteReferences(I);
      if (I.ControlFlow == Flow::Branch || I.ControlFlow == Flow::Jump ||
          I.ControlFlow == Flow::Call)
        if (auto T = Reader.resolve(I, Range.Region, I.Target, true))
          if (T->first == Range.Region && inRange(T->second))
            Work.push_back(T->second - Range.Begin);
      if (I.ControlFlow == Flow::Jump || I.ControlFlow == Flow::IndirectJump ||
          I.ControlFlow == Flow::Stop)
        break;
      At += I.Bytes.size();
    }
  }
}

std::vector<CodeEntry> CodeReader::RangeReader::read(uint8_t Prefix) {
  std::vector<CodeEntry> Entries;
  bool Clean = sweep(Entries);
  auto Objects = objects();
  if (Clean && Range.IsFunction && Objects.empty())
    return Entries;

  Starts.resize(Bytes.size());
  Covered.resize(Bytes.size());
  DataByte.resize(Bytes.size());
  UnreadByte.resize(Bytes.size());
  WeakData.resize(Bytes.size());
  if (!Range.IsFunction)
    Loaded.clear(), Taken.clear(); // references() has these, and all others
  seed();
  follow();
  followTables();
  for (auto [Begin, End] : Objects)
    DataByte.set(Begin, End);
  for (uint64_t Offset : Loaded)
    if (!Covered.test(Offset))
      markData(Offset);
  followTaken();
  followLabels();
  followTables();
  llvm::sort(Taken);
  if (!isTrusted())
    extend();
  return collect(Prefix);
}

/// What is neither reached nor data: code if it decodes to the very end of the
/// gap and nobody takes its address in a way that may mean data.
void CodeReader::RangeReader::readGap(uint64_t At, uint64_t End, uint8_t Prefix,
                                      std::vector<CodeEntry> &Result) {
  auto FirstTaken = llvm::lower_bound(Taken, At);
  uint64_t Sure = FirstTaken != Taken.end() ? std::min(*FirstTaken, End) : End;
  std::vector<CodeEntry> Entries;
  uint64_t Sweep = At;
  bool Left = true;
  Insn I;
  while (Sweep < Sure) {
    if (Left) {
      Sweep = std::min(skipPadding(Sweep), Sure);
      if (Sweep == Sure)
        break;
    }
    if (isNeverCode(Bytes.drop_front(Sweep)) || !decodeAt(Sweep, I) ||
        !isPlausible(I) || isInText(Bytes, Sweep))
      break;
    Entries.push_back({I.Address, uint8_t(I.Bytes.size()), Standing::Code});
    Left = I.ControlFlow == Flow::Jump || I.ControlFlow == Flow::IndirectJump ||
           I.ControlFlow == Flow::Stop || mayNotReturn(I, Dec.opcodeName(I));
    Sweep += I.Bytes.size();
  }
  // Segments hold more than code: only sections are taken on their word.
  if (Sweep == Sure && isTrusted()) {
    llvm::append_range(Result, Entries);
    At = Sure;
  }
  addCandidates(At, End, Standing::Unsure, Prefix, Result);
}

std::vector<CodeEntry> CodeReader::RangeReader::collect(uint8_t Prefix) {
  std::vector<CodeEntry> Result;
  for (uint64_t At = 0; At < Bytes.size();) {
    if (Starts.test(At)) {
      Insn I;
      Dec.decode(Bytes.drop_front(At), Range.Begin + At, I);
      Result.push_back({I.Address, uint8_t(I.Bytes.size()), Standing::Code});
      // Do not step over a start behind a lock prefix.
      uint64_t Next = At + 1;
      while (Next < At + I.Bytes.size() && !Starts.test(Next))
        ++Next;
      At = Next;
      continue;
    }
    uint64_t End = At;
    if (DataByte.test(At)) {
      while (End < Bytes.size() && DataByte.test(End) && !Covered.test(End))
        ++End;
      addCandidates(At, End, Standing::Data, Prefix, Result);
      At = std::max(End, At + 1);
      continue;
    }
    if (Covered.test(At) || UnreadByte.test(At)) {
      // The tail of an overlapped instruction, or what addUnread() has.
      ++At;
      continue;
    }
    bool IsWeak = WeakData.test(At);
    while (End < Bytes.size() && !Covered.test(End) && !DataByte.test(End) &&
           !UnreadByte.test(End) && WeakData.test(End) == IsWeak)
      ++End;
    if (IsWeak)
      addCandidates(At, End, Standing::Unsure, Prefix, Result);
    else
      readGap(At, End, Prefix, Result);
    At = End;
  }
  addUnread(Prefix, Result);
  llvm::sort(Result, [](const CodeEntry &A, const CodeEntry &B) {
    return std::pair(A.Address, A.Length) < std::pair(B.Address, B.Length);
  });
  return Result;
}

} // namespace segshift
