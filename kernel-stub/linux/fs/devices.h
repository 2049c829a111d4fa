// /dev.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_DEVICES_H
#define STUB_DEVICES_H

#include "linux/fs/directory.h"

namespace devices {

// Adds the devices to a directory, over what is there. False: no memory.
bool addTo(Directory &Dev);

} // namespace devices

#endif
