// C++ thread_local with constructors and destructors, run on two blocks.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"
namespace {
struct Noisy {
  int value;
  explicit Noisy(int v) : value(v) { put("construct", v); }
  ~Noisy() { put("destroy", value); }
};
thread_local Noisy noisy(5);
thread_local int computed = other_bump();
} // namespace
inline thread_local Noisy shared(6);
template <class T> struct Slot { static thread_local T value; };
template <class T> thread_local T Slot<T>::value{7};
extern "C" int cpp_checks() {
  static thread_local Noisy local(8);
  local.value++;
  noisy.value += computed;
  put("local", local.value);
  put("noisy", noisy.value);
  put("shared", shared.value++);
  put("slot", Slot<long>::value++);
  auto add = [](int x) { return Slot<long>::value += x; };
  return static_cast<int>(add(3)) + noisy.value;
}
