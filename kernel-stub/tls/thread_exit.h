// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_THREAD_EXIT_H
#define STUB_THREAD_EXIT_H

// Destroys the running kernel thread's thread_local objects, the last
// constructed first.
void runThreadDestructors();

#endif
