// Self-test of the heap. Returns 0 if all is well.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_HEAP_TEST_H
#define STUB_HEAP_TEST_H

namespace heap_test {
int run();
} // namespace heap_test

#endif
