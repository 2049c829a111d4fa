/* Copying without a C library and without vector registers.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_BYTES_H
#define SEGSHIFT_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Eight bytes at a time; the constant-size __builtin_memcpy is one move, at any
 * alignment, and no call. */
static inline void copy(void *to, const void *from, size_t size) {
  unsigned char *out = to;
  const unsigned char *in = from;
  for (; size >= 8; size -= 8, out += 8, in += 8)
    __builtin_memcpy(out, in, 8);
  for (; size; --size)
    *out++ = *in++;
}

static inline void zero(void *to, size_t size) {
  unsigned char *out = to;
  const uint64_t nothing = 0;
  for (; size >= 8; size -= 8, out += 8)
    __builtin_memcpy(out, &nothing, 8);
  for (; size; --size)
    *out++ = 0;
}

#endif
