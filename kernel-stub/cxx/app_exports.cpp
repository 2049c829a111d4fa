// What programs that the kernel has loaded (app.h) use of the C++ runtime here:
// std::call_once, whose inline part stores to two thread-local variables that
// __once_proxy reads. The program reaches them through FS, the kernel's
// libstdc++.a through GS.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app_calls.h"
#include "linux/process/process.h"
#include <mutex>

namespace {

// Nothing here can throw; there is no unwind table of the program's either.
[[noreturn]] void endUnwinding() {
  process::kill(SIGABRT, "an exception passes through it: there is nothing to "
                         "unwind a program that the kernel has loaded");
}

} // namespace

APP_THREAD_LOCAL(onceCallable, "_ZSt15__once_callable", std::__once_callable);
APP_THREAD_LOCAL(onceCall, "_ZSt11__once_call", std::__once_call);
APP_LEAF(onceProxy, "__once_proxy", std::__once_proxy);
APP_CALL(once, "pthread_once", pthread_once);
APP_CALL(throwSystemError, "_ZSt20__throw_system_errori", endUnwinding);
APP_CALL(resume, "_Unwind_Resume", endUnwinding);
APP_CALL(personality, "__gxx_personality_v0", endUnwinding);
