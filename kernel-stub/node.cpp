// What nodes do if their kind says nothing else.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "error.h"
#include "file.h"

void Node::unref() {
  if (!__atomic_sub_fetch(&NumRefs, 1, __ATOMIC_ACQ_REL))
    delete this;
}

int64_t Node::readAt(uint64_t, void *, size_t) { return -EINVAL; }
int64_t Node::writeAt(uint64_t, const void *, size_t) { return -EINVAL; }
uint64_t Node::sharedPage(uint64_t) { return 0; }
void Node::status(file::Status &) {}
