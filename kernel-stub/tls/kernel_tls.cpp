// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls/kernel_tls.h"
#include "cpu/copy_user.h"
#include "cpu/panic.h"
#include "cpu/random.h"
#include "segshift/tls.h"

extern "C" const char __tdata_start[], __tdata_size[], __tls_size[],
    __tls_align[];

namespace kernel_tls {
namespace {

segshift_tls_image Image;
struct segshift_tls_layout Layout;

constexpr size_t BlockAlign = 4096;
alignas(BlockAlign) char BootBlock[0x2000];

const Extension *Extended;
#ifdef MODE_HAS_MODULES
bool IsExtended;
void extend(const Extension *E) {
  Extended = E;
  IsExtended = E;
}
#else
constexpr bool IsExtended = false;
void extend(const Extension *) {}
#endif
size_t dtvSize() { return IsExtended ? Extended->DtvSize : 0; }

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
__attribute__((no_stack_protector)) void initBoot(const Extension *E) {
  extend(E);
  if (segshift_tls_image_from_symbols(
          &Image, __tdata_start,
          __tdata_start + reinterpret_cast<size_t>(__tdata_size),
          __tdata_start + reinterpret_cast<size_t>(__tls_size),
          reinterpret_cast<size_t>(__tls_align)) ||
      segshift_tls_layout_surplus(&Layout, &Image, TCB_SLOTS_SIZE,
                                  E ? E->Surplus : 0))
    panic("the kernel's TLS image is malformed");
  if (size() > sizeof(BootBlock) || Layout.align > BlockAlign)
    panic("the kernel's TLS needs %lu bytes, BootBlock has %lu", size(),
          sizeof(BootBlock));
  if (E)
    E->Init(Layout, Image);
  segshift_set_tp(make(BootBlock));
}

void *make(void *Memory) {
  // The canary's lowest byte is 0, so that no string copy writes past it.
  void *Tp = segshift_tls_init(Memory, &Layout, &Image, random::entropy() << 8,
                               random::entropy());
  if (IsExtended)
    Extended->Attach(Tp, static_cast<char *>(Memory) + dtvOffset());
  return Tp;
}

void release(void *Tp) {
  if (IsExtended)
    Extended->Detach(Tp);
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
