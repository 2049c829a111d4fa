// Dynamic TLS of the kernel: the runtime's registry of modules
// (segshift/dtv.h), with the kernel's lock and allocator. Only in
// kernels with modules.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_MODULE_TLS_H
#define STUB_MODULE_TLS_H

#include "segshift/dtv.h"

namespace module_tls {

// Bytes in each thread's static block for modules that are initial-exec.
constexpr size_t Surplus = 1024;
constexpr size_t MaxModules = 24; // the kernel included
constexpr size_t DtvSize = sizeof(struct segshift_dtv) +
                           (MaxModules + 1) * sizeof(struct segshift_dtv_slot);

// At boot, before the first attach.
void init(const struct segshift_tls_layout &Layout,
          const segshift_tls_image &Image);

// A thread's DTV, in memory of its block: it cannot fail.
void attach(void *Tp, void *Memory);
// Gives back the thread's blocks.
void detach(void *Tp);

segshift_tls_modules &registry();

// The kernel's own number, and the place in its image of a variable with this
// x@tpoff.
uint64_t kernelNumber();
uint64_t kernelOffset(int64_t TpOffset);

} // namespace module_tls

#endif
