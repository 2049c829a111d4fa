//===- Segments.cpp - which segments an object's code uses ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Segments.h"
#include "disasm/CodeReader.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

Expected<segshift::Segments> segshift::countSegments(StringRef Path) {
  auto Buffer = MemoryBuffer::getFile(Path);
  if (!Buffer)
    return createStringError(Path + ": " + Buffer.getError().message());
  auto Obj = ElfObject::create((*Buffer)->getMemBufferRef());
  if (!Obj)
    return Obj.takeError();
  auto Dec = Decoder::create();
  if (!Dec)
    return Dec.takeError();

  CodeReader Reader(**Obj, **Dec);
  Segments S;
  for (unsigned R = 0; R != (*Obj)->regions().size(); ++R)
    for (const CodeRange &Range : Reader.ranges(R))
      for (const CodeEntry &E : Reader.read(Range)) {
        Insn I = Reader.decode(R, E);
        S.Fs += I.reaches(SegReg::FS);
        S.Gs += I.reaches(SegReg::GS);
      }
  return S;
}
