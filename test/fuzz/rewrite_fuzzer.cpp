//===- rewrite_fuzzer.cpp - malformed input for the rewriter -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any bytes are an object, an archive or an image. Whatever the rewriter makes
// of them, it must not crash, and what it says it changed must hold: the
// result verifies, and a second run has nothing left to do.
//
//===----------------------------------------------------------------------===//
#include "command/Input.h"
#include "rewrite/Note.h"
#include "rewrite/Report.h"
#include "rewrite/Verify.h"
#include "rewrite/Writer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace llvm;
using namespace segshift;

static void rewriteMember(const Member &M, const RewriteConfig &Config) {
  Expected<std::unique_ptr<ElfObject>> ObjOrErr = ElfObject::create(M.buffer());
  if (!ObjOrErr)
    return consumeError(ObjOrErr.takeError());
  Expected<Plan> PlanOrErr = makePlan(**ObjOrErr, Config);
  if (!PlanOrErr)
    return consumeError(PlanOrErr.takeError());
  (void)planAsText(**ObjOrErr, *PlanOrErr);
  (void)planAsJson(**ObjOrErr, *PlanOrErr);
  std::string After = applyEdits(M.Bytes, PlanOrErr->Edits);
  MemoryBufferRef AfterRef(After, M.Name);
  if (Error E = verify(**ObjOrErr, AfterRef, *PlanOrErr)) {
    errs() << toString(std::move(E)) << '\n';
    std::abort();
  }
  if (!PlanOrErr->refuses()) {
    Expected<std::unique_ptr<ElfObject>> AgainOrErr =
        ElfObject::create(AfterRef);
    if (!AgainOrErr) {
      errs() << toString(AgainOrErr.takeError()) << '\n';
      std::abort();
    }
    Expected<Plan> SecondOrErr = makePlan(**AgainOrErr, Config);
    if (!SecondOrErr || !SecondOrErr->Edits.empty()) {
      errs() << "a second run changes more\n";
      std::abort();
    }
  }
  if ((*ObjOrErr)->isRelocatable())
    consumeError(addNote(M.Name, After));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  StringRef Bytes(reinterpret_cast<const char *>(Data), Size);
  if (Bytes.starts_with("!<thin>")) // would open files by the names in it
    return 0;
  Expected<Input> InOrErr =
      Input::parse(MemoryBuffer::getMemBufferCopy(Bytes, "input"));
  if (!InOrErr) {
    consumeError(InOrErr.takeError());
    return 0;
  }
  for (bool All : {false, true}) {
    RewriteConfig Config;
    if (All)
      Config.TcbOffsets.push_back({0, INT32_MAX});
    for (const Member &M : InOrErr->Members)
      if (M.isELF())
        rewriteMember(M, Config);
  }
  return 0;
}
