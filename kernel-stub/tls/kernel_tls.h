// The kernel's TLS blocks, made by the runtime (segshift/tls.h) from the image
// that the linker script describes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_KERNEL_TLS_H
#define STUB_KERNEL_TLS_H

#include <stddef.h>
#include <stdint.h>

struct segshift_tls_image;
struct segshift_tls_layout;

namespace kernel_tls {

// What goes with each block, for a loader of modules: room in it for their TLS,
// and a DTV after it.
struct Extension {
  size_t Surplus, DtvSize;
  void (*Init)(const struct segshift_tls_layout &Layout,
               const struct segshift_tls_image &Image);
  void (*Attach)(void *Tp, void *Dtv);
  void (*Detach)(void *Tp);
};

// First thing on the boot processor, but for the options: computes the layout
// and moves from boot.S's static TCB to a block with the thread-locals. E:
// null, or it stays.
void initBoot(const Extension *E);

// Bytes of a block (a DTV behind it included, if there is one), and of the part
// of it that lies below the thread pointer.
size_t size();
size_t sizeBelow();

// The layout of every block, and the boot processor's first thread's block.
const struct segshift_tls_layout &layout();
const void *bootBlock();
bool isInBootBlock(uint64_t Address);

// Makes a block at Memory, size() bytes, page-aligned. Returns the thread
// pointer.
void *make(void *Memory);
// Gives back what a thread has of its own beside the block: the blocks of
// modules. It runs no more.
void release(void *Tp);

// Copies a block's thread-locals, canary and kernel slots to below and at the
// address To, which may be the program's memory. False: it cannot be written.
// Interrupts must be off if the block is the running thread's.
bool move(const void *Tp, uint64_t To);

} // namespace kernel_tls

#endif
