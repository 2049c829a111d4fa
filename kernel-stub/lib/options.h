// The kernel's command line: words "key=value".
//
//   tick=N         timer interrupt every N microseconds (default 1000)
//   time=N         nanoseconds since 1970 (default: the real-time clock)
//   trace=1        each system call in the log
//   strace=1       each system call on the program's standard error; strace.h
//   cpus=N         self-tests: how many processors there should be
//   selftest=NAME  runs a test of the kernel instead of a program; selftest.h
//   module=PATHS   kernel modules of the initrd, with commas between; module.h
//   loader=kernel  the kernel itself links programs to its functions; app.h
//   ring=3         programs run in ring 3 (default: 0); not in every mode
//   tls-guard=1    kernel TLS is closed to a program in ring 0; tls_guard.h
//   step=1, nmis=1 tests of the kernel's entries; stress.h
//   fsgsbase=0     use the MSRs even if the CPU has wrfsbase and its kin
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_OPTIONS_H
#define STUB_OPTIONS_H

#include <stdint.h>

namespace options {

void init(const char *CommandLine); // copied

constexpr unsigned MaxValue = 512; // its NUL included

// The value of a key, or null. The next call overwrites it.
const char *get(const char *Key);
uint64_t getNumber(const char *Key, uint64_t Default); // decimal

} // namespace options

#endif
