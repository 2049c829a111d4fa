/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "auxiliary.h"

#include "linux.h"

enum { SYS_getrandom = 318 };

unsigned long getauxval(unsigned long type); /* the host's */

static bool is_of_program(unsigned long type) {
  switch (type) {
  case AT_IGNORE:
  case AT_EXECFD:
  case AT_PHDR:
  case AT_PHENT:
  case AT_PHNUM:
  case AT_BASE:
  case AT_ENTRY:
    return true;
  }
  return false;
}

/* getauxval gives 0 for what is not there, and for what is 0: these are always.
 */
static bool is_known(unsigned long type) {
  switch (type) {
  case AT_UID:
  case AT_EUID:
  case AT_GID:
  case AT_EGID:
  case AT_SECURE:
    return true;
  }
  return false;
}

/* Mixed, so that the host's canary does not follow from the world's. */
void read_random(uint64_t out[2]) {
  uint64_t bytes[2] = {0x5bd1e9955bd1e900, (uint64_t)&bytes};
  const void *given = (const void *)getauxval(AT_RANDOM);
  if (given)
    __builtin_memcpy(bytes, given, sizeof(bytes));
  else
    linux_call(SYS_getrandom, (long)bytes, sizeof(bytes), 1 /* GRND_NONBLOCK */,
               0, 0, 0);
  out[0] = bytes[0] ^ bytes[1] * 0x9e3779b97f4a7c15;
  out[1] = bytes[1] ^ bytes[0] * 0xd1342543de82ef95;
}

size_t read_auxiliary(Elf64_auxv_t out[AuxiliaryMost]) {
  static uint64_t random[2];
  size_t count = 0;
  for (unsigned long type = AT_IGNORE; type < AuxiliaryMost; ++type) {
    if (type == AT_RANDOM || is_of_program(type))
      continue;
    uint64_t value = getauxval(type);
    if (value || is_known(type))
      out[count++] = (Elf64_auxv_t){type, {value}};
  }
  read_random(random);
  out[count++] = (Elf64_auxv_t){AT_RANDOM, {(uint64_t)random}};
  out[count] = (Elf64_auxv_t){AT_NULL, {0}};
  return count;
}
