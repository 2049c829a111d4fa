// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module/module_tls.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "memory/heap.h"

namespace module_tls {
namespace {

segshift_tls_modules Modules;

// --- The registry's table: made before there is a heap ----------------------

alignas(16) char TableMemory[(MaxModules + 1) * sizeof(segshift_tls_module)];
const segshift_tls_allocator TableAllocator = {
    [](void *, size_t Size, size_t) -> void * {
      return Size <= sizeof(TableMemory) ? TableMemory : nullptr;
    },
    [](void *, void *, size_t) {}, nullptr};

// --- Blocks -----------------------------------------------------------------

// The heap aligns to 16: in front of the block is where its memory starts.
void *allocate(void *, size_t Size, size_t Align) {
  auto Memory =
      reinterpret_cast<uint64_t>(heap::allocate(Size + Align + sizeof(void *)));
  if (!Memory)
    return nullptr;
  uint64_t Block = (Memory + sizeof(void *) + Align - 1) & -Align;
  reinterpret_cast<uint64_t *>(Block)[-1] = Memory;
  return reinterpret_cast<void *>(Block);
}
void release(void *, void *Block, size_t) {
  heap::free(static_cast<void **>(Block)[-1]);
}
const segshift_tls_allocator Allocator = {allocate, release, nullptr};

// --- Hooks ------------------------------------------------------------------

cpu::Lock RegistryLock;

uintptr_t lock(void *) {
  uint64_t Flags = cpu::readFlags();
  cpu::disableInterrupts();
  RegistryLock.acquire();
  return Flags;
}
void unlock(void *, uintptr_t Flags) {
  RegistryLock.release();
  if (Flags & FlagsIF)
    cpu::enableInterrupts();
}
void fail(void *, const char *What, uint64_t Module) {
  panic("%s (module number 0x%lx)", What, Module);
}
const segshift_tls_hooks Hooks = {lock, unlock, fail, nullptr};

} // namespace

void init(const struct segshift_tls_layout &Layout,
          const segshift_tls_image &Image) {
  if (segshift_tls_modules_init(&Modules, &Layout, &Image, MaxModules,
                                &TableAllocator, &Hooks))
    panic("no registry of modules");
  segshift_tls_set_allocator(&Modules, &Allocator);
}

void attach(void *Tp, void *Memory) {
  if (segshift_tls_attach(&Modules, Tp, Memory))
    panic("a new thread's DTV is not to be had");
}
void detach(void *Tp) { segshift_tls_detach(&Modules, Tp); }

segshift_tls_modules &registry() { return Modules; }

uint64_t kernelNumber() { return Modules.table[1].number; }
uint64_t kernelOffset(int64_t TpOffset) {
  return TpOffset + Modules.static_base;
}

} // namespace module_tls
