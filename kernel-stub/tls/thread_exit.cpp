// Destructors of thread_local objects: Itanium C++ ABI, 3.3.5.4 (and
// __cxa_thread_atexit of libstdc++). Programs have their own; this is the
// kernel's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tls/thread_exit.h"
#include "cpu/panic.h"

namespace {

struct Destructor {
  void (*Function)(void *);
  void *Object;
};
constexpr unsigned MaxDestructors = 8;
__thread Destructor Destructors[MaxDestructors]
    __attribute__((section(".tbss.first")));
__thread unsigned NumDestructors;

} // namespace

extern "C" {
void *__dso_handle;

int __cxa_thread_atexit(void (*Function)(void *), void *Object, void *) {
  ASSERT(NumDestructors != MaxDestructors);
  Destructors[NumDestructors++] = {Function, Object};
  return 0;
}

// Objects of static storage duration live as long as the kernel.
int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
}

void runThreadDestructors() {
  while (NumDestructors) {
    Destructor &D = Destructors[--NumDestructors];
    D.Function(D.Object);
  }
}
