// A check that says where and what, and counts failures.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_UNIT_CHECK_H
#define STUB_UNIT_CHECK_H

#include <cstdio>

inline int Failures = 0;

#define CHECK(Condition)                                                       \
  do {                                                                         \
    if (!(Condition)) {                                                        \
      std::printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #Condition);      \
      ++Failures;                                                              \
    }                                                                          \
  } while (0)

#endif
