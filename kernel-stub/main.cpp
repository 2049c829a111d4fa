// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "control.h"
#include "log.h"
#include "serial.h"

extern "C" [[noreturn]] void kernelMain() {
  serial::init();
  log("stub: mode %s", MODE_NAME);
  control::send("done");
  control::powerOff(0);
}
