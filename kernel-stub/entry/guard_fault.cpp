// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry/guard_fault.h"
#include "device/log.h"
#include "lib/symbols.h"
#include "segshift/tls.h"
#include "thread/thread.h"
#include "thread/thread_memory.h"
#include "tls/kernel_tls.h"
#include "tls/tls_guard.h"

namespace tls_guard {

#ifdef MODE_HAS_TLS_GUARD

namespace {

// In a page fault's error code.
enum : uint64_t { ErrorWrite = 2, ErrorKey = 32 };

// What is at an offset from a thread pointer.
void describe(int64_t Offset, char *Text, size_t Size) {
  if (Offset >= 0) {
    format(Text, Size, "thread control block + 0x%lx", Offset);
    return;
  }
  const struct segshift_tls_layout &L = kernel_tls::layout();
  int64_t InImage = Offset + int64_t(L.tp_offset - L.image_offset);
  symbols::Place P = {nullptr, 0};
  if (InImage >= 0)
    P = symbols::lookUpTls(InImage);
  if (P.Name)
    format(Text, Size, "%s + 0x%lx, thread pointer - 0x%lx", P.Name, P.Offset,
           -Offset);
  else
    format(Text, Size, "thread pointer - 0x%lx", -Offset);
}

} // namespace

bool isCaught(const Frame &F, uint64_t Address, char *Text, size_t Size) {
  if ((F.error & (ErrorWrite | ErrorKey)) != (ErrorWrite | ErrorKey) ||
      !isFromProgram(F))
    return false;
  const Thread *T = thread_memory::threadAt(Address);
  if (!T && !kernel_tls::isInBootBlock(Address)) {
    format(Text, Size, "a DTV of the kernel");
    return true;
  }
  auto Block = reinterpret_cast<uint64_t>(T ? thread_memory::block(*T)
                                            : kernel_tls::bootBlock());
  char Place[100];
  describe(Address - Block - kernel_tls::layout().tp_offset, Place,
           sizeof(Place));
  int Id = 0;
  thread::forEach(*thread::current().Owner, [&](const Thread &Other) {
    if (&Other == T)
      Id = Other.Id;
  });
  if (Id)
    format(Text, Size, "kernel TLS of thread %d (%s)", Id, Place);
  else
    format(Text, Size, "TLS of a kernel thread (%s)", Place);
  return true;
}

#else

bool isCaught(const Frame &, uint64_t, char *, size_t) { return false; }

#endif

} // namespace tls_guard
