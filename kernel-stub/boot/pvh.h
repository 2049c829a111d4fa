// What the PVH boot protocol hands over: Xen,
// xen/include/public/arch-x86/hvm/start_info.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PVH_H
#define STUB_PVH_H

#include <stdint.h>

namespace pvh {

// Reads the structures that boot.S has noted. Options first: they decide what
// kernel_tls::initBoot does, so that this runs without thread-locals. Then
// initrd and physical memory.
void readOptions();
void init();

// Physical address of the ACPI root pointer, or 0.
uint64_t rsdp();

} // namespace pvh

#endif
