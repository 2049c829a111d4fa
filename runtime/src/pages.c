/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/pages.h"

void segshift_tls_pages(struct segshift_tls_pages *pages, const void *tp,
                        const struct segshift_tls_layout *layout,
                        size_t page_size) {
  const uintptr_t mask = ~(uintptr_t)(page_size - 1);
  uintptr_t block = (uintptr_t)tp - layout->tp_offset;
  pages->block = block & mask;
  pages->block_end = (block + layout->size + page_size - 1) & mask;

  pages->dtv = pages->dtv_end = 0;
  const struct segshift_dtv *dtv = ((const struct segshift_tcb *)tp)->dtv;
  if (!dtv)
    return;
  pages->dtv = (uintptr_t)dtv & mask;
  pages->dtv_end = ((uintptr_t)dtv + dtv->size + page_size - 1) & mask;
}

int segshift_tls_pages_tag(const struct segshift_tls_pages *pages,
                           size_t page_size,
                           int (*tag)(void *context, uintptr_t page),
                           void *context) {
  int result = 0;
  for (uintptr_t page = pages->block; !result && page < pages->block_end;
       page += page_size)
    result = tag(context, page);
  for (uintptr_t page = pages->dtv; !result && page < pages->dtv_end;
       page += page_size)
    if (page < pages->block || page >= pages->block_end)
      result = tag(context, page);
  return result;
}
