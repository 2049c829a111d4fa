// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls/tls_guard.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/options.h"
#include "lib/symbols.h"
#include "linux/process/process.h"
#include "memory/paging.h"
#include "segshift/base.h"
#include "segshift/pages.h"
#include "thread/thread.h"
#include "thread/thread_memory.h"
#include "tls/kernel_tls.h"

namespace tls_guard {

bool tls_guard_on;

#ifdef MODE_HAS_TLS_GUARD

namespace {

enum : uint64_t { Cr4Pks = 1 << 24 };
enum : uint64_t {
  ErrorWrite = 2,
  ErrorKey = 32
}; // in a page fault's error code

bool hasKeys() {
  enum : uint32_t { CpuidPks = 1u << 31 };
  return cpu::cpuid(0).Eax >= 7 && cpu::cpuid(7).Ecx & CpuidPks;
}

int protectPage(void *, uintptr_t Page) {
  return !paging::setKey(Page, TLS_GUARD_KEY);
}

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

bool choose() {
  uint64_t On = options::getNumber("tls-guard", 0);
  if (!On)
    return true;
  // A DTV behind the block could be in a page of its own.
  uint64_t End =
      (kernel_tls::size() + paging::PageSize - 1) & -paging::PageSize;
  uint64_t Slot = kernel_tls::sizeBelow() + TLS_GUARD_SAVED_RSP;
  bool SlotIsOpen = Slot >= End && Slot + 8 <= End + paging::PageSize;
  const char *Why =
      On != 1           ? "it is 0 or 1"
      : ProgramsInRing3 ? "programs in ring 3 cannot write kernel "
                          "memory; the guard is for ring 0"
      : !hasKeys()  ? "this processor has no protection keys for supervisor "
                      "pages (PKS)"
      : !SlotIsOpen ? "the kernel's TLS ends in another page than its thread "
                      "control block"
                    : nullptr;
  if (Why) {
    control::send("error tls-guard=%lu: %s", On, Why);
    return false;
  }
  tls_guard_on = true;
  log("tls-guard: kernel TLS is closed to stores of programs");
  return true;
}

void initCpu() {
  if (!tls_guard_on)
    return;
  segshift_wrmsr(TLS_GUARD_MSR, TLS_GUARD_OPEN);
  cpu::writeCr4(cpu::readCr4() | Cr4Pks);
}

bool protect(const void *Tp) {
  if (!tls_guard_on)
    return true;
  struct segshift_tls_pages Pages;
  segshift_tls_pages(&Pages, Tp, &kernel_tls::layout(), paging::PageSize);
  return !segshift_tls_pages_tag(&Pages, paging::PageSize, protectPage,
                                 nullptr);
}

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
  thread::forEach(*process::current(), [&](const Thread &Other) {
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

bool choose() {
  if (!options::getNumber("tls-guard", 0))
    return true;
  control::send(
      "error tls-guard=1: this kernel, of mode %s, has its TLS behind FS; "
      "the guard is mode gs's",
      MODE_NAME);
  return false;
}

void initCpu() {}
bool protect(const void *) { return true; }
bool isCaught(const Frame &, uint64_t, char *, size_t) { return false; }

#endif

} // namespace tls_guard
