// What the PVH boot protocol hands over: Xen,
// xen/include/public/arch-x86/hvm/start_info.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PVH_H
#define STUB_PVH_H

#include <stdint.h>

namespace pvh {

// Reads the structures that boot.S has noted: sets up options, initrd and
// physical memory.
void init();

// Physical address of the ACPI root pointer, or 0.
uint64_t rsdp();

} // namespace pvh

#endif
