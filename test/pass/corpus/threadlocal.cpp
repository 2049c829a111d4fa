// thread_local with constructors, destructors, wrappers, COMDATs and templates.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct Guard {
  int value;
  Guard(int v = 1) noexcept;
  ~Guard();
  int get() const { return value; }
};
thread_local Guard global{3};
static thread_local Guard internal;
extern thread_local Guard external;
extern thread_local int external_int;
extern thread_local constinit int external_constinit;
thread_local constinit int constant = 5;
int compute();
thread_local int computed = compute();
inline thread_local int inline_int = 4;
inline thread_local Guard inline_guard{9};
inline thread_local int inline_computed = compute();
namespace { thread_local int anonymous = compute(); }
template <class T> struct Slot { static thread_local T value; static inline thread_local T other{}; };
template <class T> thread_local T Slot<T>::value{};
template <class T> thread_local T variable{};
struct Trivial { int a; long b[4]; };
thread_local Trivial trivial{1, {2, 3}};
thread_local int &reference = computed;
thread_local Guard array[3];
struct Class { static thread_local int member; static thread_local Guard object; int use(); };
thread_local int Class::member = 2;

int use_global() { return global.get() + internal.get() + external.get(); }
int use_ints() { return external_int + external_constinit + constant + computed + anonymous; }
int use_inline() { return inline_int + inline_guard.get() + inline_computed; }
int use_template() { return Slot<int>::value + Slot<Guard>::value.get() + Slot<long>::other + Slot<Guard>::other.get(); }
int use_variable() { return variable<int> + variable<Guard>.get() + variable<Trivial>.a; }
int use_local() { static thread_local Guard g{7}; static thread_local int n; return g.get() + ++n; }
inline int use_inline_local() { static thread_local Guard g; static thread_local int n = compute(); return g.get() + n++; }
int call_inline_local() { return use_inline_local(); }
int use_reference() { return ++reference; }
int use_array(int i) { return array[i].get(); }
int Class::use() { return member + object.get(); }
const Guard *address() { return &external; }
void assign(int v) { constant = v; trivial.b[2] = v; Class::member = v; Slot<int>::value = v; }
Trivial copy() { return trivial; }
