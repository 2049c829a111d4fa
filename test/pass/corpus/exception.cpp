// Exceptions, clean-ups, virtual calls, references.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SKIP: -fno-exceptions
struct Error { int code; explicit Error(int c) : code(c) {} Error(const Error &) = default; virtual ~Error(); virtual int what() const; };
thread_local int depth;
thread_local Error *last;
extern thread_local long ext;
void may_throw();
void use(void *);
struct Raise { Raise() { ++depth; } ~Raise() { --depth; } };
int catcher() {
  Raise r;
  try {
    may_throw();
    ext++;
  } catch (Error &e) {
    depth += e.code;
    return last->what();
  } catch (...) {
    ext = -1;
    throw;
  }
  return depth;
}
void thrower(int x) { if (depth > x) throw depth; if (ext) throw Error{depth}; }
int cleanup() { Raise a, b; may_throw(); Raise c; may_throw(); return depth; }
int quiet() noexcept { Raise a; may_throw(); return static_cast<int>(ext); }
int virtual_call() { return last ? last->what() : 0; }
struct Tracker { int *p = &depth; long *q = &ext; int get() { return *p + static_cast<int>(*q); } };
int tracker() { Tracker t; use(&t); return t.get(); }
int references() { int &d = depth; long &e = ext; may_throw(); return d += static_cast<int>(e); }
