// The processors, from the ACPI tables (ACPI specification 6.5, 5.2).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_ACPI_H
#define STUB_ACPI_H

#include <stdint.h>

namespace acpi {

// Writes the local APIC ids of the processors that can be used, at most Max, in
// the order of the MADT. Returns how many there are; 0, and the log says why,
// if there are no tables or they are damaged. Rsdp: physical address, or 0 to
// have it looked for where a BIOS puts it.
unsigned findProcessors(uint64_t Rsdp, uint32_t *ApicIds, unsigned Max);

} // namespace acpi

#endif
