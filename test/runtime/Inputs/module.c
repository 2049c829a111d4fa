/* A kernel module in miniature: thread-local variables of its own, and one that
 * the kernel exports. TLS on GS by the plugin or by the rewriter.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
extern __thread long kernel_count;

__thread long exported = 7;
static __thread char text[16] = "module";
static __thread long zeroed;
static __thread volatile char aligned[300] __attribute__((aligned(64)));

#define EXPORT __attribute__((visibility("default")))

/* Counts in the module's variables and the kernel's. Returns a number that
 * tells what was wrong, or 0. */
EXPORT long touch(long turn) {
  if (exported != 7 + turn || zeroed != turn)
    return 1;
  if (text[0] != 'm' || text[5] != 'e' || text[6])
    return 2;
  if ((unsigned long)aligned & 63)
    return 3;
  for (unsigned i = 0; i < sizeof(aligned); ++i)
    if (aligned[i] != (char)turn)
      return 4;
  for (unsigned i = 0; i < sizeof(aligned); ++i)
    aligned[i] = (char)(turn + 1);
  ++exported;
  ++zeroed;
  ++kernel_count;
  return 0;
}

EXPORT void *address_of(int which) {
  return which == 0   ? (void *)&kernel_count
         : which == 1 ? (void *)&exported
                      : (void *)&zeroed;
}
