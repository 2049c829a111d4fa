// Exceptions, thread_local with wrappers and guards, coroutines' frames, lambdas,
// templates in COMDATs with a cold part.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC-FLAGS: -fexceptions
// KEEP-FS: _Z7keepingIiEiv=all _Z7keepingIlEiv=all _Z3ownPU8__seg_fsi=all
#include "../../../runtime/include/segshift/keep_fs.h"
struct Counted {
  Counted();
  ~Counted();
  int value;
};
thread_local Counted local;
extern thread_local Counted elsewhere;
inline thread_local int shared = 3;
void may_throw(int);
int get() { return local.value + elsewhere.value + shared; }
int caught(int v) {
  try {
    may_throw(v + shared);
  } catch (int e) {
    shared = e;
    return local.value;
  } catch (...) {
    ++shared;
    throw;
  }
  return 0;
}
template <class T> T &one() {
  static thread_local T value = T();
  return value;
}
long use_one() { return one<int>() + one<long>(); }
template <class T> SEGSHIFT_KEEPS_FS int keeping() { return shared + 1; }
int use_keeping() { return keeping<int>() + keeping<long>() + shared; }
int lambda(int n) {
  auto add = [&](int v) { return n += v + shared; };
  return add(1) + add(2);
}
struct Cleanup {
  ~Cleanup() { shared = 0; }
};
void cleanup() {
  Cleanup c;
  may_throw(1);
}
