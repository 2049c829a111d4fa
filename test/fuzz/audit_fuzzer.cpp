//===- audit_fuzzer.cpp - fuzz target of audit and tls --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any bytes as an ELF file or an archive through the audit and all of its
// writers, and through the TLS layout, uses and overlap; as text through the
// link-map parser.
//
// Debug information is left out: reading it is libLLVM's own code, which is not
// instrumented here.
//
//===----------------------------------------------------------------------===//
#include "audit/Audit.h"
#include "tls/Overlap.h"
#include "tls/Uses.h"

using namespace llvm;
using namespace segshift;

static void fuzzAudit(StringRef Bytes) {
  audit::Options O;
  O.UseDebugInfo = false;
  audit::AllowList Allow;
  audit::Report R;
  auto In = Input::parse(MemoryBuffer::getMemBufferCopy(Bytes, "input"));
  if (!In)
    return consumeError(In.takeError());
  audit::auditInput(*In, O, Allow, R);
  audit::writeText(nulls(), R, {});
  audit::writeJson(nulls(), R);
  audit::writeSarif(nulls(), R);
}

static void fuzzTls(StringRef Bytes) {
  auto Obj = ElfObject::create(MemoryBufferRef(Bytes, "input"));
  if (!Obj)
    return consumeError(Obj.takeError());
  auto L = tls::readLayout((*Obj)->file());
  if (!L)
    return consumeError(L.takeError());
  auto Uses = tls::findUses(**Obj, *L);
  if (!Uses)
    return consumeError(Uses.takeError());
  (void)tls::findOverlap(*L, *L, 16);
}

static void fuzzMap(StringRef Bytes) {
  auto Map = audit::parseLinkMap(Bytes);
  if (!Map)
    return consumeError(Map.takeError());
  for (const auto &P : Map->Pieces)
    (void)Map->at(P.Address);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  StringRef Bytes(reinterpret_cast<const char *>(Data), Size);
  if (Bytes.starts_with("!<arch>\n")) {
    fuzzAudit(Bytes);
  } else if (Bytes.starts_with("\177ELF")) {
    fuzzAudit(Bytes);
    fuzzTls(Bytes);
  } else {
    fuzzMap(Bytes);
  }
  return 0;
}
