// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "selftest.h"
#include "control.h"

void selftest::run(const char *Name) {
  control::send("error no self-test named %s", Name);
}
