// What modules may use of the kernel: nothing else is found by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/smp.h"
#include "device/log.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "module/module_api.h"
#include "module/module_object.h"
#include "module/module_tls.h"
#include "thread/thread.h"

__thread long kernel_scratch;
__thread int kernel_errno;

void kernel_log(const char *Format, ...) {
  char Line[160];
  va_list Values;
  va_start(Values, Format);
  formatV(Line, sizeof(Line), Format, Values);
  va_end(Values);
  log("%s", Line);
}
void *kernel_allocate(size_t Size) { return heap::allocate(Size); }
void kernel_free(void *Memory) { heap::free(Memory); }
int kernel_thread() { return thread::current().Id; }
unsigned kernel_cpu() {
  cpu::InterruptGuard Guard;
  return smp::current().Id;
}
void kernel_yield() { thread::yield(); }

extern "C" void __stack_chk_fail();

EXPORT_SYMBOL(kernel_log);
EXPORT_SYMBOL(kernel_allocate);
EXPORT_SYMBOL(kernel_free);
EXPORT_SYMBOL(kernel_thread);
EXPORT_SYMBOL(kernel_cpu);
EXPORT_SYMBOL(kernel_yield);
EXPORT_SYMBOL(memcpy);
EXPORT_SYMBOL(memmove);
EXPORT_SYMBOL(memset);
EXPORT_SYMBOL(memcmp);
EXPORT_SYMBOL(strlen);
EXPORT_SYMBOL(strcmp);
EXPORT_SYMBOL(__stack_chk_fail);
EXPORT_THREAD_LOCAL(kernel_scratch);
EXPORT_THREAD_LOCAL(kernel_errno);

// The loader takes behind-GS modules only: theirs is the runtime's.
[[gnu::section(".exports"),
  gnu::used]] static const module::Export Export_tls_get_addr = {
    "__tls_get_addr", (const void *)&__segshift_tls_get_addr, nullptr};

extern "C" const module::Export __exports_start[], __exports_end[];

const module::Export *module::findExport(const Module &M, const char *Name) {
  if (M.App)
    return M.App->find(Name);
  for (const Export *X = __exports_start; X != __exports_end; ++X)
    if (!strcmp(X->Name, Name))
      return X;
  return nullptr;
}
