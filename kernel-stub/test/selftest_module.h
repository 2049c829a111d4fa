// Self-tests of modules: see selftest.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_SELFTEST_MODULE_H
#define STUB_SELFTEST_MODULE_H

namespace module_test {

// Loads the modules of "module=" while threads run on all processors, and has
// each thread, older or younger, call each module's "long module_check(long)";
// unloads them; three times.
int run();
// Loads them with each allocation failing in turn.
int noMemory();
// The same for programs that the kernel links itself (app.h).
int noMemoryForPrograms();
// Loads them, each of which must be refused and leave nothing behind.
int refused();

} // namespace module_test

#endif
