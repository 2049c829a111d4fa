//===- RewriteMain.cpp - segshift rewrite --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "disasm/CodeReader.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace segshift {

cl::SubCommand RewriteCommand("rewrite",
                              "Move FS uses of objects, archives and images to GS");

static cl::list<std::string> Inputs(cl::Positional, cl::OneOrMore,
                                    cl::desc("FILE..."),
                                    cl::sub(RewriteCommand));

int runRewrite() {
  for (const std::string &Path : Inputs) {
    auto BufferOrErr = MemoryBuffer::getFile(Path, false, false);
    if (!BufferOrErr) {
      WithColor::error(errs(), "segshift") << Path << "\n";
      return 1;
    }
    auto ObjOrErr = ElfObject::create((*BufferOrErr)->getMemBufferRef());
    if (!ObjOrErr) {
      WithColor::error(errs(), "segshift") << toString(ObjOrErr.takeError()) << "\n";
      return 1;
    }
    ElfObject &Obj = **ObjOrErr;
    CodeReader Reader(Obj, Decoder::forThread());
    for (unsigned R = 0; R < Obj.regions().size(); ++R)
      for (const CodeRange &Range : Reader.ranges(R)) {
        ArrayRef<uint8_t> Bytes = Reader.bytes(Range);
        if (findOverride(Bytes, 0) == Bytes.size())
          continue;
        for (const CodeEntry &E : Reader.read(Range)) {
          Insn I = Reader.decode(R, E);
          if (I.reaches(SegReg::FS))
            outs() << Obj.describe(R, I.Address) << ": " << Reader.decoder().print(I)
                   << " " << int(E.How) << "\n";
        }
      }
  }
  return 0;
}

} // namespace segshift
