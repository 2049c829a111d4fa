// Self-tests of the C++ runtime in the kernel. Each returns 0 if all is well.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_CXX_TESTS_H
#define STUB_CXX_TESTS_H

namespace cxx_test {

// Exceptions of the kernel and of libstdc++, in one thread and then in several
// that the timer switches between.
int exceptions();

// An exception that nobody catches: panic.
int uncaught();

// std::call_once, with a first call that throws and with two threads.
int callOnce();

// What the archives' code does and the kernel's does not: it uses the red zone
// and vector registers. Both survive interrupts and thread switches.
int registers();

// Runs Function(0), Function(1), ... in kernel threads of their own, at once,
// and waits for all of them.
constexpr unsigned MaxThreads = 8;
void runThreads(unsigned Count, void (*Function)(unsigned Index));

} // namespace cxx_test

#endif
