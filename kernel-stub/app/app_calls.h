// What lies between a program that the kernel has loaded (app.h) and the
// functions that it calls by name: app_gate.S.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_APP_CALLS_H
#define STUB_APP_CALLS_H

#include "module/module_object.h"

extern "C" {
// Where a program starts, on its stack as psABI 3.4.1 has it; and a further
// thread: RDI is a function, RSI its argument.
extern const char app_start[], app_thread_start[];
// Calls the function in R11 on the thread's kernel stack.
extern const char app_gate[];
}

// For programs, under a name of theirs: a function of at most six integers or
// pointers, which runs on the kernel stack and may do what a system call may;
// one that runs where it is called, and uses neither locks nor waits; and a
// thread-local variable.
#define APP_EXPORT_IN(Section, Id, Name, Address, TpOffset)                    \
  [[gnu::section(Section),                                                     \
    gnu::used]] static const module::Export AppExport_##Id = {Name, Address,   \
                                                              TpOffset}
#define APP_EXPORT(Id, Name, Address)                                          \
  APP_EXPORT_IN(".app_exports", Id, Name, Address, nullptr)
#define APP_CALL(Id, Name, Function)                                           \
  [[gnu::naked]] static void appGate_##Id() {                                  \
    asm("movq %0, %%r11\n\tjmp app_gate" ::"i"(&Function));                    \
  }                                                                            \
  APP_EXPORT(Id, Name, (const void *)&appGate_##Id)
#define APP_LEAF(Id, Name, Function)                                           \
  APP_EXPORT(Id, Name, (const void *)&Function)
#define APP_THREAD_LOCAL(Id, Name, Variable)                                   \
  APP_EXPORT_IN(".app_exports.tls", Id, Name, nullptr, [] {                    \
    return reinterpret_cast<int64_t>(&Variable) -                              \
           reinterpret_cast<int64_t>(segshift_tp());                           \
  })

#endif
