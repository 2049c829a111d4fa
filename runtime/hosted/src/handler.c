/* Linux does not tell. But the frame that it has put on the stack for the
 * handler lies there until the handler returns, and looks like nothing else:
 *
 *   return address (the restorer)
 *   struct ucontext: flags of few bits, no link, and in its sigcontext, after
 * 18 registers, the selectors: CS 0x33, GS and FS 0, SS 0x2b in one word.
 *
 * Frames of handlers that have returned are below the stack pointer. (One can
 * be found in what a later function has not yet written of its variables: then
 * "true" is said too often, never too rarely.)
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "handler.h"

#include "linux.h"

enum { SYS_process_vm_readv = 310 };
enum { Chunk = 1024, ChunkWords = Chunk / 8, MostChunks = 8192 };
/* Words of the frame. */
enum { Flags = 1, Link = 2, Selectors = 24 };
static const uint64_t UserSelectors = 0x002b000000000033;

/* Up to the next multiple of Chunk, or `end`. The number of bytes, or an error:
 * the memory above a stack that is not the thread's own may be anything. */
static long read_chunk(uint64_t *to, const uint64_t *from, uintptr_t end) {
  uintptr_t next = ((uintptr_t)from | (Chunk - 1)) + 1;
  struct {
    const void *start;
    size_t size;
  } local = {to, (next < end ? next : end) - (uintptr_t)from},
    remote = {from, local.size};
  return linux_call(SYS_process_vm_readv,
                    linux_call(SYS_getpid, 0, 0, 0, 0, 0, 0), (long)&local, 1,
                    (long)&remote, 1, 0);
}

static bool is_frame(const uint64_t *frame) {
  return frame[Selectors] == UserSelectors && frame[Flags] < 16 && !frame[Link];
}

bool in_signal_handler(void) {
  uint64_t words[Selectors + ChunkWords];
  const uint64_t *stack = __builtin_frame_address(0);
  /* A thread's stack ends below its thread control block; the first thread's at
     the end of its mapping. */
  uintptr_t end = (uintptr_t)__builtin_thread_pointer();
  if ((uintptr_t)stack > end)
    end = UINTPTR_MAX;
  size_t kept = 0; /* words of the last chunk, where a frame may begin */
  for (int chunk = 0; chunk < MostChunks; ++chunk) {
    long size =
        (uintptr_t)stack < end ? read_chunk(words + kept, stack, end) : 0;
    if (!size || size == -EFAULT_)
      return false; /* the stack's end */
    if (size < 0)
      return true;
    size_t count = kept + (size_t)size / 8;
    for (size_t i = Selectors; i < count; ++i)
      if (is_frame(&words[i - Selectors]))
        return true;
    stack += (size_t)size / 8;
    kept = count < Selectors ? count : Selectors;
    for (size_t i = 0; i < kept; ++i)
      words[i] = words[count - kept + i];
  }
  return true;
}
