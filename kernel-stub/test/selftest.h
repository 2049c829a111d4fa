// Tests of the kernel by the kernel, for what a program cannot see or cause.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SELFTEST_H
#define STUB_SELFTEST_H

namespace selftest {

// Runs one test and reports it as a program's exit status: 0 passed, 1 failed,
// and the log says what; "error" if there is no such test.
void run(const char *Name);

// For the tests. A check that fails is logged, and the test fails.
bool check(bool Ok, const char *What);
bool hasFailed();
#define CHECK(Condition) selftest::check(Condition, #Condition)

} // namespace selftest

#endif
