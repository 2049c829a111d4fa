// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls/kernel_tls.h"
#include "cpu/copy_user.h"
#ifdef MODE_HAS_MODULES
#include "lib/options.h"
#include "module/module_tls.h"
#endif
#include "cpu/random.h"
#include "device/panic.h"
#include "segshift/tls.h"

extern "C" const char __tdata_start[], __tdata_size[], __tls_size[],
    __tls_align[];

namespace kernel_tls {
namespace {

segshift_tls_image Image;
struct segshift_tls_layout Layout;

constexpr size_t BlockAlign = 4096;
alignas(BlockAlign) char BootBlock[0x2000];

// Threads have a DTV and a surplus only where modules are to be loaded.
#ifdef MODE_HAS_MODULES
bool HasModules;
void chooseModules() { HasModules = options::get("module"); }
size_t surplus() { return HasModules ? module_tls::Surplus : 0; }
size_t dtvSize() { return HasModules ? module_tls::DtvSize : 0; }
void initModules() {
  if (HasModules)
    module_tls::init(Layout, Image);
}
void attach(void *Tp, void *Dtv) {
  if (HasModules)
    module_tls::attach(Tp, Dtv);
}
void detach(void *Tp) {
  if (HasModules)
    module_tls::detach(Tp);
}
#else
void chooseModules() {}
size_t surplus() { return 0; }
size_t dtvSize() { return 0; }
void initModules() {}
void attach(void *, void *) {}
void detach(void *) {}
#endif

// From the block's start.
size_t dtvOffset() {
  return (Layout.size + SEGSHIFT_TLS_MIN_ALIGN - 1) & -SEGSHIFT_TLS_MIN_ALIGN;
}

} // namespace

size_t size() { return dtvSize() ? dtvOffset() + dtvSize() : Layout.size; }
size_t sizeBelow() { return Layout.tp_offset; }
const struct segshift_tls_layout &layout() { return Layout; }

const void *bootBlock() { return BootBlock; }

bool isInBootBlock(uint64_t Address) {
  return Address - reinterpret_cast<uint64_t>(BootBlock) < sizeof(BootBlock);
}

// The canary changes under it.
__attribute__((no_stack_protector)) void initBoot() {
  chooseModules();
  if (segshift_tls_image_from_symbols(
          &Image, __tdata_start,
          __tdata_start + reinterpret_cast<size_t>(__tdata_size),
          __tdata_start + reinterpret_cast<size_t>(__tls_size),
          reinterpret_cast<size_t>(__tls_align)) ||
      segshift_tls_layout_surplus(&Layout, &Image, TCB_SLOTS_SIZE, surplus()))
    panic("the kernel's TLS image is malformed");
  if (size() > sizeof(BootBlock) || Layout.align > BlockAlign)
    panic("the kernel's TLS needs %lu bytes, BootBlock has %lu", size(),
          sizeof(BootBlock));
  initModules();
  segshift_set_tp(make(BootBlock));
}

void *make(void *Memory) {
  // The canary's lowest byte is 0, so that no string copy writes past it.
  void *Tp = segshift_tls_init(Memory, &Layout, &Image, random::entropy() << 8,
                               random::entropy());
  attach(Tp, static_cast<char *>(Memory) + dtvOffset());
  return Tp;
}

void release(void *Tp) { detach(Tp); }

bool move(const void *Tp, uint64_t To) {
  auto *From = static_cast<const char *>(Tp);
  // Self pointers, canary and slots; the rest of the TCB is a libc's.
  struct Part {
    uint64_t Offset, Size;
  };
  static constexpr Part Parts[] = {{SEGSHIFT_TCB_CANARY, 8},
                                   {SEGSHIFT_TCB_KERNEL, TCB_SLOTS_SIZE}};
  for (const Part &P : Parts)
    if (!copyToUser(To + P.Offset, From + P.Offset, P.Size))
      return false;
  return copyToUser(To + SEGSHIFT_TCB_SELF, &To, 8) &&
         copyToUser(To + SEGSHIFT_TCB_SELF2, &To, 8) &&
         copyToUser(To - Layout.tp_offset, From - Layout.tp_offset,
                    Layout.tp_offset);
}

} // namespace kernel_tls
