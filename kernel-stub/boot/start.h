// What the kernel is started for. The room on top of all others defines these:
// main/ for the whole kernel, and for the core alone its built-in program.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_START_H
#define STUB_START_H

#include "tls/kernel_tls.h"

namespace start {

// What goes with each TLS block; null: nothing.
const kernel_tls::Extension *extension();
// With one processor and no threads yet. False, after a message: the command
// line asks for what is not to be had.
bool choose();
// With the clock running.
void prepare();
// On the first kernel thread with a stack of its own. The kernel ends after it.
void run();

} // namespace start

#endif
