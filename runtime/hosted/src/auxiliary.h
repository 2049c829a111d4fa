/* The process's auxiliary vector, from the host's C library: /proc may not be
 * there.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_AUXILIARY_H
#define SEGSHIFT_HOSTED_AUXILIARY_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

enum { AuxiliaryMost = 64 };

/* What says something of machine, system and process, not of the host's
 * program; with an AT_NULL. Returns the number of entries before that. */
size_t read_auxiliary(Elf64_auxv_t out[AuxiliaryMost]);

/* Made of the 16 random bytes that Linux gives each process, or of others. */
void read_random(uint64_t out[2]);

#endif
