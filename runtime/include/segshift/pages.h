/* The pages that hold a thread's TLS, and no others: for compartments that
 * close them to other code by a protection key, or by page tables.
 *
 * What shares a page with them is closed with them. So an embedder that tags
 * pages takes blocks, and DTVs if they are not in the block, from an allocator
 * that gives whole pages.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_PAGES_H
#define SEGSHIFT_PAGES_H

#include "segshift/dtv.h"
#include "segshift/tls.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Two spans of addresses, each from the first page's first byte to the byte
 * behind the last page. The second one is empty (both 0) if the thread has no
 * DTV. They may overlap, if the DTV lies in the block. */
struct segshift_tls_pages {
  uintptr_t block, block_end;
  uintptr_t dtv, dtv_end;
};

/* The pages of the thread at `tp`: its block, from the layout's lower end
 * (padding and surplus included) to the end of TCB and kernel slots; and its
 * DTV. `page_size` is a power of two. The DTV is read: its pages must be open.
 */
void segshift_tls_pages(struct segshift_tls_pages *pages, const void *tp,
                        const struct segshift_tls_layout *layout,
                        size_t page_size);

/* Calls `tag` once for each of the pages, which may lie in several mappings.
 * Returns 0, or the first result of `tag` that is not 0: then the pages that
 * came after in ascending order, block before DTV, were not tagged. */
int segshift_tls_pages_tag(const struct segshift_tls_pages *pages,
                           size_t page_size,
                           int (*tag)(void *context, uintptr_t page),
                           void *context);

#ifdef __cplusplus
}
#endif

#endif
