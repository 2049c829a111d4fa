// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel_tls.h"
#include "copy_user.h"
#ifdef MODE_HAS_MODULES
#include "module_tls.h"
#endif
#include "panic.h"
#include "random.h"
#include "segshift/tls.h"

extern "C" const char __tdata_start[], __tdata_size[], __tls_size[],
    __tls_align[];

namespace kernel_tls {
namespace {

segshift_tls_image Image;
struct segshift_tls_layout Layout;

constexpr size_t BlockAlign = 4096;
alignas(BlockAlign) char BootBlock[0x2000];

#ifdef MODE_HAS_MODULES
constexpr size_t Surplus = module_tls::Surplus;
constexpr size_t DtvSize = module_tls::DtvSize;
void initModules() { module_tls::init(Layout, Image); }
void attach(void *Tp, void *Dtv) { module_tls::attach(Tp, Dtv); }
#else
constexpr size_t Surplus = 0, DtvSize = 0;
void initModules() {}
void attach(void *, void *) {}
#endif

// From the block's start.
size_t dtvOffset() {
  return (Layout.size + SEGSHIFT_TLS_MIN_ALIGN - 1) & -SEGSHIFT_TLS_MIN_ALIGN;
}

} // namespace

size_t size() { return DtvSize ? dtvOffset() + DtvSize : Layout.size; }
size_t sizeBelow() { return Layout.tp_offset; }
const struct segshift_tls_layout &layout() { return Layout; }

const void *bootBlock() { return BootBlock; }

bool isInBootBlock(uint64_t Address) {
  return Address - reinterpret_cast<uint64_t>(BootBlock) < sizeof(BootBlock);
}

// The canary changes under it.
__attribute__((no_stack_protector)) void initBoot() {
  if (segshift_tls_image_from_symbols(
          &Image, __tdata_start,
          __tdata_start + reinterpret_cast<size_t>(__tdata_size),
          __tdata_start + reinterpret_cast<size_t>(__tls_size),
          reinterpret_cast<size_t>(__tls_align)) ||
      segshift_tls_layout_surplus(&Layout, &Image, TCB_SLOTS_SIZE, Surplus))
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

void release([[maybe_unused]] void *Tp) {
#ifdef MODE_HAS_MODULES
  module_tls::detach(Tp);
#endif
}

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
