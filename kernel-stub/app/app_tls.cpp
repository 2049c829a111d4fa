// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app_tls.h"
#include "cpu/copy_user.h"
#include "memory/paging.h"
#include "module/module_object.h"
#include "thread/thread.h"
#include "thread/thread_memory.h"
#include "tls/kernel_tls.h"

namespace app_tls {
namespace {

constexpr uint64_t MaxAlign = paging::PageSize;

uint64_t pageUp(uint64_t N) {
  return (N + paging::PageSize - 1) & -paging::PageSize;
}

} // namespace

bool attach(const app::Program &A, Thread &T) {
  if (!thread_memory::extend(T, A.Both.size))
    return false;
  char *Tp = static_cast<char *>(T.Bases.Tp) + A.Both.distance;
  char *Block = Tp - A.Block.tp_offset;
  return segshift_tls_init(Block, &A.Block, &A.Image, A.Canary,
                           A.PointerGuard) == Tp &&
         copyFromUser(Block + A.Block.image_offset, A.InitialTls,
                      A.InitialTlsSize) &&
         mode::setInitialFs(T.Bases, reinterpret_cast<uint64_t>(Tp));
}

} // namespace app_tls

bool app::Program::chooseTls(const elf::Tls &Tls, module::Error &E) {
  using namespace app_tls;
  Program &A = *this;
  A.Image = {nullptr, Tls.VAddr, 0, Tls.MemSize, Tls.Align};
  if (Tls.MemSize && Tls.Align > MaxAlign)
    return module::refuse(E, "its TLS is aligned to %lu, the limit is %lu",
                          Tls.Align, MaxAlign);
  // In pages of its own, as the kernel's block may share its last one.
  struct segshift_tls_layout Kernel = kernel_tls::layout();
  Kernel.size = pageUp(kernel_tls::size());
  if (segshift_tls_layout(&A.Block, &A.Image, 0) ||
      segshift_tls_layout_app(&A.Both, &Kernel, A.Block.tp_offset,
                              A.Block.align,
                              A.Block.size - A.Block.tp_offset) ||
      A.Both.size > thread_memory::MaxBlock)
    return module::refuse(
        E, "its TLS of %lu bytes does not fit behind the kernel's",
        Tls.MemSize);
  A.InitialTls = A.Bias + Tls.VAddr;
  A.InitialTlsSize = Tls.FileSize;
  return true;
}

uint64_t app::Program::ownPlace() const {
  return Block.image_offset - Block.tp_offset;
}
uint64_t app::Program::kernelPlace() const { return -Both.distance; }
