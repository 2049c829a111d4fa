// What libstdc++.a and libgcc_eh.a need of a C library, and the kernel does not
// have. What the kernel cannot do panics by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "thread/thread.h"
#include <cxxabi.h>
#include <dlfcn.h>
#include <exception>
#include <libintl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <typeinfo>

extern "C" {
extern const char __image_start[], __text_end[], __eh_frame_hdr[];
}

// The heap: a page for each object, no larger ones. Exceptions are small. (The
// reserve that libstdc++ keeps for exceptions when memory is exhausted is
// larger: it goes without, and then std::terminate is called.)
void *malloc(size_t Size) {
  if (Size > paging::PageSize)
    return nullptr;
  uint64_t Page = memory::allocatePage();
  return Page ? memory::direct(Page) : nullptr;
}

void free(void *Object) {
  if (Object)
    memory::freePage(memory::physical(Object));
}

void abort() { panic("abort"); }

// libgcc_eh's unwinder asks for the unwind table of the code at an address;
// here is only one, that of the image.
int _dl_find_object(void *Address, dl_find_object *Result) {
  if (Address < __image_start || Address >= __text_end)
    return -1;
  *Result = {};
  Result->dlfo_map_start = const_cast<char *>(__image_start);
  Result->dlfo_map_end = const_cast<char *>(__text_end);
  Result->dlfo_eh_frame = const_cast<char *>(__eh_frame_hdr);
  return 0;
}

// Mutexes and std::call_once: one lock for the state of all.
static cpu::Lock Lock;

int pthread_mutex_lock(pthread_mutex_t *Mutex) {
  if (Mutex->__data.__kind != PTHREAD_MUTEX_NORMAL)
    panic("pthread_mutex_lock: mutex of kind %d", Mutex->__data.__kind);
  cpu::LockGuard Guard(Lock);
  while (Mutex->__data.__lock)
    thread::wait(Mutex, Lock);
  Mutex->__data.__lock = 1;
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *Mutex) {
  cpu::LockGuard Guard(Lock);
  Mutex->__data.__lock = 0;
  thread::wake(Mutex, 1);
  return 0;
}

int pthread_once(pthread_once_t *Once, void (*Function)()) {
  enum : pthread_once_t { Fresh = PTHREAD_ONCE_INIT, Running, Done };
  {
    cpu::LockGuard Guard(Lock);
    while (*Once == Running)
      thread::wait(Once, Lock);
    if (*Once == Done)
      return 0;
    *Once = Running;
  }
  // If Function throws, the next call is again the first.
  struct Finisher {
    ~Finisher() {
      cpu::LockGuard Guard(Lock);
      *Once = State;
      thread::wake(Once);
    }
    pthread_once_t *Once;
    pthread_once_t State = Fresh;
  } F = {Once};
  Function();
  F.State = Done;
  return 0;
}

// libgcc_eh takes its locks only if this exists, and never calls it.
extern "C" int __pthread_key_create(pthread_key_t *, void (*)(void *)) {
  panic("__pthread_key_create: there are no keys");
}

// Whether libstdc++ may count references without atomic instructions: no.
extern "C" char __libc_single_threaded;
char __libc_single_threaded = false;

// Messages are not translated.
char *gettext(const char *Message) { return const_cast<char *>(Message); }

// For the message of a std::system_error; what comes here has none.
char *strerror(int Error) { panic("strerror: error %d has no text", Error); }

// The handler that std::terminate calls, in place of libstdc++'s own, which
// writes to stderr.
[[noreturn]] static void terminate() {
  if (const std::type_info *Type = abi::__cxa_current_exception_type())
    panic("std::terminate, with an exception of type %s", Type->name());
  panic("std::terminate, without an exception");
}
namespace __cxxabiv1 {
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = terminate;
} // namespace __cxxabiv1
