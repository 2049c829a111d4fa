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

namespace app_tls {

// Decides where the program's blocks are.
bool choose(app::Program &A, const elf::Tls &Tls, module::Error &E);

// What stands for a module's number in the program's relocations: where the
// image is, from FS on. R_X86_64_TPOFF64 is this and the offset in it, a TLS
// descriptor the same; R_X86_64_DTPMOD64 is this alone, and the program's
// __tls_get_addr adds all three. For the kernel's image that offset is from
// the kernel's thread pointer.
uint64_t ownPlace(const app::Program &A);
uint64_t kernelPlace(const app::Program &A);

// Makes the block of a thread that has not run yet, and sets its FS. It goes
// with the thread. False: no memory.
bool attach(const app::Program &A, Thread &T);

} // namespace app_tls

#endif
