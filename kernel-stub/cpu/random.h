// Random numbers: canaries, AT_RANDOM, getrandom(2). Not for keys: under an
// emulator the time stamp counter is all there may be.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_RANDOM_H
#define STUB_RANDOM_H

#include <stddef.h>
#include <stdint.h>

namespace random {

// From the CPU: the time stamp counter, well mixed.
uint64_t entropy();

// Each thread has a generator of its own, seeded when it is first used.
uint64_t next();

} // namespace random

#endif
