// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/random.h"
#include "cpu/cpu.h"

namespace random {
namespace {

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
uint64_t mix(uint64_t X) {
  X = (X ^ X >> 30) * 0xbf58476d1ce4e5b9;
  X = (X ^ X >> 27) * 0x94d049bb133111eb;
  return X ^ X >> 31;
}

class Generator {
public:
  Generator() : State(entropy()) {}
  ~Generator() { State = 0; }
  uint64_t next() { return mix(State += 0x9e3779b97f4a7c15); }

private:
  uint64_t State;
};

// A thread-local with a constructor and a destructor (thread_exit.cpp).
thread_local Generator ThreadGenerator;

} // namespace

uint64_t entropy() {
  static uint64_t Counter;
  return mix(cpu::readTsc() + __atomic_add_fetch(&Counter, 0x9e3779b97f4a7c15,
                                                 __ATOMIC_RELAXED));
}

uint64_t next() {
  cpu::InterruptGuard Guard;
  return ThreadGenerator.next();
}

} // namespace random
