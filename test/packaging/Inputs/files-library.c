// By general-dynamic or descriptors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread long library_count = 300;
static __thread int Depth = 66;

long library_next(void) {
  ++Depth;
  return ++library_count;
}
