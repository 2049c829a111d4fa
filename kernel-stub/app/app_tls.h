// TLS of programs that the kernel starts itself (app.h), behind the kernel's:
//
//   block of the thread     tp                  pages of their own    FS
//   | kernel's image        | TCB, slots |  ... | program's image     | TCB |
//                           <------------- distance ---------------->
//
// The distance is the same in all threads (segshift_tls_layout_app). So what an
// initial-exec relocation of the program adds to FS can lead to a variable of
// the kernel: its x@tpoff less the distance.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_APP_TLS_H
#define STUB_APP_TLS_H

#include "app/app.h"
#include "module/module.h"

struct Thread;

namespace app_tls {

// Makes the block of a thread that has not run yet, and sets its FS. It goes
// with the thread. False: no memory.
bool attach(const app::Program &A, Thread &T);

} // namespace app_tls

#endif
