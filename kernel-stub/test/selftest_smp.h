// Self-tests of several processors: see selftest.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SELFTEST_SMP_H
#define STUB_SELFTEST_SMP_H

namespace smp_test {

int tls();       // each processor runs threads, each with its own thread-locals
int locks();     // mutexes and waits, counted
int timers();    // many threads sleep; deadlines
int shootdown(); // a change of the page tables is seen by all
int nmiStorm();  // NMIs from another processor, while threads switch
int spread();    // threads find processors that have nothing to do
int manyThreads();
int panicOther(); // a panic stops all processors
int wrongNote();  // debug images: a thread pointer that is another thread's

} // namespace smp_test

#endif
