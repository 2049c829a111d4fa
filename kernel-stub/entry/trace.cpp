// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry/trace.h"
#include "device/log.h"
#include "thread/program.h"
#include "thread/thread.h"

namespace trace {
namespace {

struct Call {
  uint64_t Number;
  int64_t Result;
};

// 64 bytes, aligned to 64, and the last section of the image: it ends exactly
// at the thread pointer.
struct alignas(64) Trace {
  Call Ring[32]; // from the end to the start
  uint64_t Rip;
  uint64_t Arguments[4];
  uint64_t Count;
  Call Last;
};
static_assert(sizeof(Trace) % 64 == 0);

__thread Trace T __attribute__((section(".tbss.last")));

bool Verbose;

constexpr unsigned RingSize = sizeof(T.Ring) / sizeof(*T.Ring);

Call &slot(uint64_t Count) { return T.Ring[RingSize - 1 - Count % RingSize]; }

} // namespace

void setVerbose(bool On) { Verbose = On; }

void enter(uint64_t Number, const uint64_t (&Arguments)[6], uint64_t Rip) {
  ++T.Count;
  T.Rip = Rip;
  for (unsigned I = 0; I != 4; ++I)
    T.Arguments[I] = Arguments[I];
  if (Verbose)
    log("trace: %d %s(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx)",
        thread::current().Id, syscall::name(Number), Arguments[0], Arguments[1],
        Arguments[2], Arguments[3], Arguments[4], Arguments[5]);
}

void leave(uint64_t Number, int64_t Result) {
  T.Last = {Number, Result};
  slot(T.Count) = T.Last;
  if (Verbose)
    log("trace: %d %s = %ld", thread::current().Id, syscall::name(Number),
        Result);
}

uint64_t count() { return T.Count; }

void dump() {
  uint64_t N = T.Count < 8 ? T.Count : 8;
  for (uint64_t I = 0; I != N; ++I) {
    const Call &C = slot(T.Count - I);
    log("  %s = %ld", syscall::name(C.Number), C.Result);
  }
}

} // namespace trace
