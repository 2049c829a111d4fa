// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls/tls_guard.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/options.h"
#include "memory/paging.h"
#include "segshift/base.h"
#include "segshift/pages.h"
#include "tls/kernel_tls.h"

namespace tls_guard {

bool tls_guard_on;

#ifdef MODE_HAS_TLS_GUARD

namespace {

enum : uint64_t { Cr4Pks = 1 << 24 };

bool hasKeys() {
  enum : uint32_t { CpuidPks = 1u << 31 };
  return cpu::cpuid(0).Eax >= 7 && cpu::cpuid(7).Ecx & CpuidPks;
}

int protectPage(void *, uintptr_t Page) {
  return !paging::setKey(Page, TLS_GUARD_KEY);
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

#endif

} // namespace tls_guard
