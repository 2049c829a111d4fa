// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "user/pager.h"

void Pager::unref() {
  if (!__atomic_sub_fetch(&NumRefs, 1, __ATOMIC_ACQ_REL))
    delete this;
}
